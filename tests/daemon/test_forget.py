"""`timbrel forget` and `timbrel reset` as programs, on a real broker and a real directory."""

from pathlib import Path

import msgspec
import pytest

from daemon import home_assistant
from daemon.commands.watcher import watching
from daemon.discovery import discovery
from daemon.home_assistant import Message, Node
from daemon.note import Note
from daemon.remote import Chosen
from daemon.settings import MqttSettings
from daemon.state import Lock
from tests.conftest import Mosquitto, Timbrel, Watcher

ATTIC, CELLAR = (Node(name, name, ("flute",), "m", "v") for name in ("attic", "cellar"))


def leave(broker: Mosquitto, *messages: Message) -> None:
    settings = MqttSettings(host="127.0.0.1", port=broker.port)
    with watching(settings, None, lambda *_: None) as publish:
        for message in messages:
            publish(message.topic, message.payload, retain=True)


def traces(node: Node, *, online: bool = False) -> list[Message]:
    return [
        discovery(node),
        home_assistant.availability(node, online=online),
        home_assistant.hearing(node, "hearing", None, 0.0),
        home_assistant.setting(node, "mute", "OFF"),
    ]


@pytest.fixture
def config(broker: Mosquitto, tmp_path: Path) -> Path:
    file = tmp_path / "timbrel.yaml"
    file.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n")
    return file


def test_forgetting_clears_one_node_and_no_other(
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


def test_a_node_that_is_online_is_not_forgotten(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    leave(broker, *traces(ATTIC, online=True))
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert done.stderr == "timbrel: attic is online and would be back; stop it first\n"
    with Watcher(broker.port) as watcher:
        watcher.wait_for("timbrel/attic/mute")


@pytest.mark.parametrize(("sources", "status"), [(("attic", "cellar"), 2), (("cellar",), 0)])
def test_a_place_is_forgotten_only_when_its_box_no_longer_has_it(
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


def test_a_node_that_nobody_knows_is_named_with_those_there_are(
    broker: Mosquitto, config: Path, timbrel: Timbrel
) -> None:
    leave(broker, *traces(CELLAR))
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert done.stderr == "timbrel: the broker knows no node attic; it knows cellar\n"


def test_without_a_broker_nothing_is_forgotten(timbrel: Timbrel, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("mqtt: {host: 127.0.0.1, port: 1}\n")
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 1
    assert "no broker answers at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_reset_forgets_what_was_set_and_leaves_the_rest(timbrel: Timbrel, tmp_path: Path) -> None:
    chosen = Note(tmp_path, "chosen-attic", Chosen())
    chosen.write(Chosen(muted=True))
    chosen.close()
    (tmp_path / "practice-attic.json").write_bytes(msgspec.json.encode({"seconds": 60.0}))
    done = timbrel("reset", "--state", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("attic: what was set from the hub is forgotten")
    assert chosen.read() == Chosen()
    assert (tmp_path / "practice-attic.json").exists()


def test_reset_beside_a_running_daemon_is_refused(timbrel: Timbrel, tmp_path: Path) -> None:
    (tmp_path / "chosen-attic.json").write_text("{}")
    lock = Lock(tmp_path)
    done = timbrel("reset", "--state", tmp_path)
    lock.release()
    assert done.returncode == 2
    assert "stop it first" in done.stderr
    assert (tmp_path / "chosen-attic.json").exists()


def test_reset_with_nothing_to_forget_says_where_it_looked(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    done = timbrel("reset", "--state", tmp_path / "empty")
    assert done.returncode == 2
    assert f"{tmp_path}/empty: nothing there was set from a hub" in done.stderr
    assert not (tmp_path / "empty").exists()
