"""`timbrel forget` and `timbrel reset` as programs, on a real broker and a real directory."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from daemon.hub import messages
from daemon.hub.controls import Chosen
from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import Message, Node
from daemon.system.json_store import JsonStore
from daemon.system.state_directory import Lock
from tests.conftest import Mosquitto, StartBroker, Timbrel, Watcher
from tests.daemon.mqtt.test_link import make_certificate, publish
from tests.daemon.scripted_broker import KeepingBroker, Published, ScriptedBroker

OWNER = {"username": "owner", "password": "owned"}
ATTIC, CELLAR = (Node(name, name, ("flute",), "m", "v") for name in ("attic", "cellar"))


def leave(broker: Mosquitto, *messages: Message) -> None:
    for message in messages:
        publish(broker.port, message.topic, message.payload, retain=True)


def traces(node: Node, *, online: bool = False) -> list[Message]:
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
    leave(broker, *traces(ATTIC), *traces(CELLAR, online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "attic is forgotten: 4 topics cleared\n"
    with Watcher(broker.port) as watcher:
        watcher.wait_for("timbrel/cellar/mute")
        kept = {message.topic for message in watcher.received}
    assert kept == {message.topic for message in traces(CELLAR)}


def test_forget_refuses_online_node(broker: Mosquitto, config: Path, timbrel: Timbrel) -> None:
    leave(broker, *traces(ATTIC, online=True))
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
    leave(broker, *traces(attic, online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == status, done.stderr
    with Watcher(broker.port) as watcher:
        watcher.wait_for("timbrel/house/availability")
        kept = {message.topic for message in watcher.received}
    assert ("timbrel/attic/mute" in kept) == bool(status)


def test_forget_lists_nodes_if_node_is_unknown(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    leave(broker, *traces(CELLAR))
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert done.stderr == "timbrel: the broker has no node attic; its nodes: cellar\n"


@pytest.mark.parametrize("name", ["+", "#", "", "attic/hearing", "at tic", "att\udce4c"])
def test_forget_rejects_invalid_node_name(
    broker: Mosquitto, config: Path, timbrel: Timbrel, name: str
) -> None:
    leave(broker, *traces(ATTIC))
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


@pytest.fixture
def restricted(
    start_broker: StartBroker, tmp_path: Path
) -> Callable[[str], tuple[Mosquitto, Path]]:
    """Start a broker with the rules for `box`; there are traces of the attic."""

    def start(rules: str) -> tuple[Mosquitto, Path]:
        passwords = tmp_path / "passwords"
        for user, password in (("owner", "owned"), ("box", "secret")):
            create = [] if passwords.exists() else ["-c"]
            command = ["mosquitto_passwd", "-b", *create, str(passwords), user, password]
            subprocess.run(command, check=True, capture_output=True)
        passwords.chmod(0o644)
        access = tmp_path / "access"
        access.write_text(f"user owner\ntopic readwrite #\n\nuser box\n{rules}")
        broker = start_broker(f"password_file {passwords}\nacl_file {access}\n")
        for message in traces(ATTIC):
            publish(broker.port, message.topic, message.payload, retain=True, auth=OWNER)
        (tmp_path / "secret").write_text("secret\n")
        config = tmp_path / "timbrel.yaml"
        config.write_text(
            f"mqtt: {{host: 127.0.0.1, port: {broker.port}, username: box, "
            f"password_file: {tmp_path / 'secret'}}}\n"
        )
        return broker, config

    return start


def kept_at(broker: Mosquitto) -> set[str]:
    """What the broker keeps, seen by somebody who may read everything."""
    with Watcher(broker.port, username="owner", password="owned") as watcher:  # noqa: S106
        publish(broker.port, "end", b"1", auth=OWNER)
        watcher.wait_for("end")
        return {message.topic for message in watcher.received} - {"end"}


@pytest.mark.parametrize(
    ("rules", "topics"),
    [
        ("topic readwrite timbrel/#\ntopic write homeassistant/device/+/config\n", 4),
        ("topic write timbrel/#\ntopic write homeassistant/device/+/config\n", 25),
    ],
)
def test_clears_topics_without_read_access(
    restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel, rules: str, topics: int
) -> None:
    broker, config = restricted(rules)
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"attic is forgotten: {topics} topics cleared" in done.stdout
    assert ("may not read them" in done.stdout) == (topics > 4)
    assert kept_at(broker) == set()


def test_reports_topics_without_write_access(
    restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel
) -> None:
    broker, config = restricted("topic read #\ntopic write timbrel/#\n")
    done = timbrel("forget", "attic", "--config", config)
    device = discovery(ATTIC).topic
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"timbrel: attic is not forgotten: {device}: the broker refuses to clear it: "
        "Not authorized; give the user box write access to it in the broker's access list\n"
    )
    assert kept_at(broker) == {device}


def test_detects_refused_publish_with_mqtt_3_1_1_by_reading_back(
    restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel
) -> None:
    broker, config = restricted("topic read #\n")
    config.write_text(config.read_text().replace("}", ", protocol: 3.1.1}"))
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the broker still keeps them; give the user box write access to them" in done.stderr
    assert all(message.topic in done.stderr for message in traces(ATTIC))
    assert kept_at(broker) == {message.topic for message in traces(ATTIC)}


def test_fails_if_result_cannot_be_verified(
    restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel
) -> None:
    _, config = restricted("topic write #\n")
    config.write_text(config.read_text().replace("}", ", protocol: 3.1.1}"))
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert "it is unknown whether the broker cleared them" in done.stderr
    assert discovery(ATTIC).topic in done.stderr


def test_wrong_password_is_reported(
    restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel, tmp_path: Path
) -> None:
    _, config = restricted("topic readwrite #\n")
    (tmp_path / "secret").write_text("guess\n")
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert "answers Not authorized; check mqtt.username" in done.stderr


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
    kept = {m.topic: m.payload for m in (*traces(ATTIC), *traces(CELLAR))}
    with KeepingBroker(kept) as broker:
        config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}, protocol: {protocol}}}\n")
        done = timbrel("forget", "attic", "--config", config)
        assert (done.returncode, done.stdout, done.stderr) == (
            *(0, "attic is forgotten: 4 topics cleared\n"),
            "",
        )
        assert set(kept) == {message.topic for message in traces(CELLAR)}
        again = timbrel("forget", "attic", "--config", config)
        assert "the broker has no node attic" in again.stderr


def test_detects_broker_that_acknowledges_without_clearing(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    kept = {message.topic: message.payload for message in traces(ATTIC)}
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
    leave(broker, *traces(attic), own)
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")


def test_forget_refuses_place_of_online_box(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    leave(broker, *traces(Node("house", "attic", ("flute",), "m", "v"), online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert "attic is online" in done.stderr


def test_forgets_retired_place_of_online_box(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    attic = Node("house", "attic", ("flute",), "m", "v")
    own = Message("timbrel/attic/availability", b"offline", 1, retain=True)
    leave(broker, *traces(attic, online=True), own)
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")


def test_keeps_device_with_another_topic_prefix(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    moved = replace(ATTIC, topic_prefix="home/music")
    old = [message for message in traces(ATTIC) if "homeassistant" not in message.topic]
    leave(broker, *old, *traces(moved, online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is kept: its device does not use the topics timbrel/attic/" in done.stdout
    assert "attic is forgotten: 3 topics cleared" in done.stdout
    with Watcher(broker.port) as watcher:
        watcher.wait_for("home/music/attic/mute")
        kept = {message.topic for message in watcher.received}
    assert kept == {message.topic for message in traces(moved)}


def test_reset_discards_only_settings_from_hub(timbrel: Timbrel, tmp_path: Path) -> None:
    chosen = JsonStore(tmp_path, "chosen-attic", Chosen())
    chosen.write(Chosen(muted=True))
    chosen.close()
    (tmp_path / "practice-attic.json").write_bytes(msgspec.json.encode({"seconds": 60.0}))
    done = timbrel("reset", "--state", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("attic: discarded the settings from the hub")
    assert chosen.read() == Chosen()
    assert (tmp_path / "practice-attic.json").exists()


def test_reset_is_refused_while_daemon_runs(timbrel: Timbrel, tmp_path: Path) -> None:
    (tmp_path / "chosen-attic.json").write_text("{}")
    lock = Lock(tmp_path)
    done = timbrel("reset", "--state", tmp_path)
    lock.release()
    assert done.returncode == 2
    assert "stop it first" in done.stderr
    assert (tmp_path / "chosen-attic.json").exists()


def test_reset_without_settings_from_hub_names_the_directory(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    done = timbrel("reset", "--state", tmp_path / "empty")
    assert done.returncode == 2
    assert f"{tmp_path}/empty: contains no settings from a hub" in done.stderr
    assert not (tmp_path / "empty").exists()
