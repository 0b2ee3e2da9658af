"""`timbrel forget` as a program, on a real broker."""

from dataclasses import replace
from pathlib import Path

import pytest

from daemon.hub import messages
from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import Message, Node
from tests.conftest import Mosquitto, StartBroker, Timbrel, Watcher
from tests.daemon.mqtt.test_link import make_certificate, publish
from tests.daemon.scripted_broker import KeepingBroker, Published, ScriptedBroker

ATTIC, CELLAR = (Node(name, name, ("flute",), "m", "v") for name in ("attic", "cellar"))


def publish_retained(broker: Mosquitto, *messages: Message) -> None:
    for message in messages:
        publish(broker.port, message.topic, message.payload, retain=True)


def retained_messages(node: Node, *, online: bool = False) -> list[Message]:
    return [
        discovery(node),
        messages.availability(node, online=online),
        messages.hearing(node, "hearing", None, 0.0),
        messages.setting(node, "mute", "OFF"),
    ]


@pytest.fixture
def config(broker: Mosquitto, tmp_path: Path) -> Path:
    file = tmp_path / "timbrel.yaml"
    file.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n")
    return file


def test_forget_clears_only_the_named_node(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    publish_retained(broker, *retained_messages(ATTIC), *retained_messages(CELLAR, online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "attic is forgotten: 4 topics cleared\n"
    with Watcher(broker.port) as watcher:
        watcher.wait_for("timbrel/cellar/mute")
        kept = {message.topic for message in watcher.received}
    assert kept == {message.topic for message in retained_messages(CELLAR)}


def test_forget_refuses_online_node(broker: Mosquitto, config: Path, timbrel: Timbrel) -> None:
    publish_retained(broker, *retained_messages(ATTIC, online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert (
        done.stderr
        == "timbrel: attic is online and would publish its topics again; stop it first\n"
    )
    with Watcher(broker.port) as watcher:
        watcher.wait_for("timbrel/attic/mute")


@pytest.mark.parametrize(("sources", "status"), [(("attic", "cellar"), 2), (("cellar",), 0)])
def test_forget_refuses_place_that_is_still_configured(
    broker: Mosquitto, config: Path, timbrel: Timbrel, sources: tuple[str, ...], status: int
) -> None:
    places = "".join(f"- {{name: {name}, device: {name}}}\n" for name in sources)
    config.write_text(f"{config.read_text()}name: house\nsources:\n{places}")
    attic = Node("house", "attic", ("flute",), "m", "v")
    publish_retained(broker, *retained_messages(attic, online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == status, done.stderr
    with Watcher(broker.port) as watcher:
        watcher.wait_for("timbrel/house/availability")
        kept = {message.topic for message in watcher.received}
    assert ("timbrel/attic/mute" in kept) == bool(status)


def test_forget_lists_nodes_if_node_is_unknown(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    publish_retained(broker, *retained_messages(CELLAR))
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert done.stderr == "timbrel: the broker has no node attic; its nodes: cellar\n"


@pytest.mark.parametrize("name", ["+", "#", "", "attic/hearing", "at tic", "att\udce4c"])
def test_forget_rejects_invalid_node_name(
    broker: Mosquitto, config: Path, timbrel: Timbrel, name: str
) -> None:
    publish_retained(broker, *retained_messages(ATTIC))
    done = timbrel("forget", name, "--config", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("is not a node name: use only letters, digits, _ and -\n")
    with Watcher(broker.port) as watcher:
        watcher.wait_for("timbrel/attic/mute")


def test_forget_fails_without_broker(timbrel: Timbrel, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("mqtt: {host: 127.0.0.1, port: 1}\n")
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 1
    assert "no broker answers at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_reports_topic_at_which_broker_closed_connection(timbrel: Timbrel, tmp_path: Path) -> None:
    def answer(_: Published) -> int:
        raise EOFError

    config = tmp_path / "timbrel.yaml"
    with ScriptedBroker(answer) as broker:
        config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n")
        done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    device = discovery(ATTIC).topic
    assert f"the broker closed the connection after the message to {device}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_port_that_expects_tls_is_reported(
    start_broker: StartBroker, timbrel: Timbrel, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    broker = start_broker(f"certfile {certificate}\nkeyfile {key}\nallow_anonymous true\n")
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n")
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expects TLS; set mqtt.tls" in done.stderr


@pytest.mark.parametrize("protocol", ["auto", "'3.1.1'"])
def test_works_if_wildcards_return_no_retained_messages(
    timbrel: Timbrel, tmp_path: Path, protocol: str
) -> None:
    config = tmp_path / "timbrel.yaml"
    kept = {m.topic: m.payload for m in (*retained_messages(ATTIC), *retained_messages(CELLAR))}
    with KeepingBroker(kept) as broker:
        config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}, protocol: {protocol}}}\n")
        done = timbrel("forget", "attic", "--config", config)
        assert (done.returncode, done.stdout, done.stderr) == (
            *(0, "attic is forgotten: 4 topics cleared\n"),
            "",
        )
        assert set(kept) == {message.topic for message in retained_messages(CELLAR)}
        again = timbrel("forget", "attic", "--config", config)
        assert "the broker has no node attic" in again.stderr


def test_detects_broker_that_acknowledges_without_clearing(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    kept = {message.topic: message.payload for message in retained_messages(ATTIC)}
    hearing = "timbrel/attic/hearing"
    with KeepingBroker(kept, lets_write=lambda topic: topic != hearing) as broker:
        config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n")
        done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"attic is not forgotten: {hearing}: the broker still keeps it;" in done.stderr


def test_forgets_online_place_of_dead_box(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    attic = Node("house", "attic", ("flute",), "m", "v")
    own = Message("timbrel/attic/availability", b"online", 1, retain=True)
    publish_retained(broker, *retained_messages(attic), own)
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")


def test_forget_refuses_place_of_online_box(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    publish_retained(
        broker, *retained_messages(Node("house", "attic", ("flute",), "m", "v"), online=True)
    )
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert "attic is online" in done.stderr


def test_forgets_retired_place_of_online_box(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    attic = Node("house", "attic", ("flute",), "m", "v")
    own = Message("timbrel/attic/availability", b"offline", 1, retain=True)
    publish_retained(broker, *retained_messages(attic, online=True), own)
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")


def test_keeps_device_with_another_topic_prefix(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    moved = replace(ATTIC, topic_prefix="home/music")
    old = [message for message in retained_messages(ATTIC) if "homeassistant" not in message.topic]
    publish_retained(broker, *old, *retained_messages(moved, online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is kept: its device does not use the topics timbrel/attic/" in done.stdout
    assert "attic is forgotten: 3 topics cleared" in done.stdout
    with Watcher(broker.port) as watcher:
        watcher.wait_for("home/music/attic/mute")
        kept = {message.topic for message in watcher.received}
    assert kept == {message.topic for message in retained_messages(moved)}
