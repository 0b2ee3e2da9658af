"""Removed places at a real broker: retired, unless another box uses the name."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from paho.mqtt.publish import single

from tests.conftest import (
    ROOT,
    Mosquitto,
    StartBroker,
    VirtualMicrophone,
    Watcher,
    killed_at_last,
)
from tests.v0_1_0.make_fixture import FIXTURE

CAMERA = HALL = {"name": "hall", "url": "rtsp://127.0.0.1:9/hall"}
PORCH = {"name": "porch", "url": "rtsp://127.0.0.1:9/porch"}
CONFIG = "homeassistant/device/timbrel_porch/config"
AVAILABILITY = "timbrel/porch/availability"


class Box:
    """A daemon with cameras that do not exist; its files are kept between starts."""

    def __init__(self, folder: Path, port: int, name: str = "house") -> None:
        folder.mkdir()
        self.config = folder / "timbrel.yaml"
        self.state = folder / "state"
        self.environment = dict(os.environ)
        self.settings: dict[str, Any] = {
            "name": name,
            "mqtt": {"host": "127.0.0.1", "port": port},
            "state": {"directory": str(self.state)},
        }

    @contextmanager
    def running(self, *sources: dict[str, str], **settings: Any) -> Iterator["Running"]:
        """Run the daemon with these places; `settings` replace whole sections of the file."""
        self.write(*sources, **settings)
        log = self.config.with_suffix(".log")
        with log.open("w") as output:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "daemon", "run", "--config", self.config],
                cwd=ROOT,
                env=self.environment,
                stderr=output,
            )
        with killed_at_last(daemon):
            yield Running(daemon, log)
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(20) == 0, log.read_text()
        assert "Traceback" not in log.read_text()

    def write(self, *sources: dict[str, str], **settings: Any) -> None:
        document = {**self.settings, "sources": list(sources), **settings}
        self.config.write_text(yaml.safe_dump(document))

    @property
    def places(self) -> list[str]:
        """The places in the identity file."""
        file = self.state / "identity.json"
        identity = json.loads(file.read_text()) if file.exists() else {"places": []}
        return [place["name"] for place in identity["places"]]


class Running:
    """A running daemon and its log."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str) -> None:
        eventually(lambda: text in self.log, lambda: self.log)


def eventually(
    is_so: Callable[[], object], otherwise: Callable[[], object] = lambda: "", seconds: float = 20
) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)


def retained(port: int) -> dict[str, bytes]:
    """Return the broker's retained messages."""
    with Watcher(port) as watcher:
        time.sleep(0.5)
        return {m.topic: m.payload for m in watcher.received if m.retained}


def publish_retained(broker: Mosquitto, topic: str, payload: bytes) -> None:
    """Publish a retained message as another client."""
    single(topic, payload, qos=1, retain=True, hostname="127.0.0.1", port=broker.port)


@pytest.fixture
def box(tmp_path: Path, broker: Mosquitto) -> Box:
    return Box(tmp_path / "box", broker.port)


def announce_both(box: Box, watcher: Watcher) -> None:
    """Run the box until it has announced both places."""
    with box.running(HALL, PORCH):
        for place in ("hall", "porch"):
            watcher.wait_for(f"timbrel/{place}/hearing")
            watcher.wait_for(f"timbrel/{place}/practice")
        assert watcher.wait_for(AVAILABILITY).payload == b"online"
    assert box.places == ["hall", "porch"]


def test_next_start_retires_a_removed_place(box: Box, broker: Mosquitto, watcher: Watcher) -> None:
    announce_both(box, watcher)
    assert CONFIG in retained(broker.port)
    with box.running(HALL) as daemon:
        daemon.wait_for("porch is no longer configured")
        eventually(lambda: box.places == ["hall"])
        left = retained(broker.port)
    assert {topic for topic in left if "porch" in topic} == {AVAILABILITY}
    assert left[AVAILABILITY] == b"offline"
    assert left["timbrel/hall/availability"] == b"online"
    assert left["timbrel/house/availability"] == b"online"
    assert "timbrel/hall/hearing" in left
    with box.running(HALL, PORCH):
        watcher.wait_for(CONFIG, lambda m: m.payload == b"")
        eventually(lambda: retained(broker.port)[AVAILABILITY] == b"online")
        assert CONFIG in retained(broker.port)


def test_clears_the_device_before_its_states(box: Box, watcher: Watcher) -> None:
    announce_both(box, watcher)
    with box.running(HALL):
        watcher.wait_for("timbrel/porch/practice", lambda m: m.payload == b"")
    porch = [m for m in watcher.received if "porch" in m.topic and not m.retained]
    said = [m.topic for m in porch if m.payload in {b"", b"offline"}]
    assert said[:2] == [AVAILABILITY, CONFIG]


def test_reload_retires_a_removed_place(box: Box, broker: Mosquitto, watcher: Watcher) -> None:
    with box.running(HALL, PORCH) as daemon:
        for place in ("hall", "porch"):
            watcher.wait_for(f"timbrel/{place}/practice")
        box.write(HALL)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("settings reloaded: sources without porch")
        eventually(lambda: box.places == ["hall"])
        left = retained(broker.port)
        assert {topic for topic in left if "porch" in topic} == {AVAILABILITY}
        assert left[AVAILABILITY] == b"offline"
        assert left["timbrel/hall/availability"] == b"online"
        # After this, everything is published again, except for the removed place.
        broker.kill()
        broker.start()
        with Watcher(broker.port) as newcomer:
            newcomer.wait_for("timbrel/hall/practice")
            time.sleep(0.5)
            porch = {m.topic: m.payload for m in newcomer.received if "porch" in m.topic}
            assert porch == {AVAILABILITY: b"offline"}


def test_reload_leaves_a_place_alone_that_moved_to_another_box(
    box: Box, broker: Mosquitto, watcher: Watcher
) -> None:
    theirs = {"availability": [{"topic": "timbrel/garden/availability"}, {"topic": AVAILABILITY}]}
    with box.running(HALL, PORCH) as daemon:
        for place in ("hall", "porch"):
            watcher.wait_for(f"timbrel/{place}/practice")
        publish_retained(broker, "timbrel/garden/availability", b"online")
        publish_retained(broker, CONFIG, json.dumps(theirs).encode())
        # Longer than the wait for retained messages.
        time.sleep(4)
        box.write(HALL)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("settings reloaded: sources without porch")
        eventually(lambda: box.places == ["hall"])
        publish_retained(broker, "timbrel/porch/hearing", b"of the garden")
        # Nothing of ours returns when everything is published again.
        single("homeassistant/status", b"online", hostname="127.0.0.1", port=broker.port)
        time.sleep(4)
        left = retained(broker.port)
        assert "no longer configured" not in daemon.log
    assert json.loads(left[CONFIG]) == theirs
    assert left[AVAILABILITY] == b"online"
    assert left["timbrel/porch/hearing"] == b"of the garden"
    assert "timbrel/porch/practice" in left


def test_reload_closes_the_microphone_of_a_removed_place(
    box: Box, watcher: Watcher, microphone: VirtualMicrophone
) -> None:
    def recorders() -> int:
        return microphone.control("list", "short", "source-outputs").stdout.count(b"\n")

    microphone.plug("vmic2")
    box.environment |= microphone.environment
    rooms = [
        {"name": "studio", "device": "pulse:vmic.monitor"},
        {"name": "den", "device": "pulse:vmic2.monitor"},
    ]
    with box.running(*rooms) as daemon:
        for room in ("studio", "den"):
            watcher.wait_for(f"timbrel/{room}/hearing", lambda m: b'"hearing"' in m.payload)
        eventually(lambda: recorders() == 2)
        box.write(rooms[0])
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: recorders() == 1)
        watcher.wait_for("timbrel/den/state", lambda m: m.payload == b"")
        # The other microphone is still open.
        microphone.still("vmic")
        watcher.wait_for("timbrel/studio/hearing", lambda m: b'"deaf"' in m.payload)


def test_leaves_a_place_alone_that_another_box_has_announced(
    box: Box, broker: Mosquitto, watcher: Watcher
) -> None:
    announce_both(box, watcher)
    theirs = {"availability": [{"topic": "timbrel/garden/availability"}, {"topic": AVAILABILITY}]}
    publish_retained(broker, CONFIG, json.dumps(theirs).encode())
    with box.running(HALL) as daemon:
        eventually(lambda: box.places == ["hall"])
        assert "no longer configured" not in daemon.log
        left = retained(broker.port)
    assert json.loads(left[CONFIG]) == theirs
    assert left[AVAILABILITY] == b"online"
    assert "timbrel/porch/hearing" in left


def test_clears_the_old_name_of_a_renamed_box(
    box: Box, broker: Mosquitto, watcher: Watcher
) -> None:
    with box.running():
        watcher.wait_for("timbrel/house/hearing")
    with box.running(name="loft") as daemon:
        daemon.wait_for("house is no longer configured")
        eventually(lambda: box.places == ["loft"])
        left = retained(broker.port)
    assert {t: p for t, p in left.items() if "house" in t} == {
        "timbrel/house/availability": b"offline"
    }


def test_leaves_the_old_name_of_a_renamed_box_to_another_box(
    box: Box, broker: Mosquitto, watcher: Watcher
) -> None:
    with box.running():
        watcher.wait_for("timbrel/house/hearing")
    publish_retained(broker, "timbrel/house/availability", b"online")
    with box.running(name="loft") as daemon:
        daemon.wait_for("another Timbrel is online under that name")
        left = retained(broker.port)
    assert "homeassistant/device/timbrel_house/config" in left
    assert "timbrel/house/hearing" in left


def test_clears_the_old_topic_prefix_and_keeps_the_device(
    box: Box, broker: Mosquitto, watcher: Watcher
) -> None:
    with box.running():
        watcher.wait_for("timbrel/house/hearing")
    with box.running(mqtt={**box.settings["mqtt"], "topic_prefix": "home"}) as daemon:
        daemon.wait_for("house is no longer configured")
        eventually(lambda: len(box.places) == 1)
        left = retained(broker.port)
    assert {t for t in left if t.startswith("timbrel/")} == {"timbrel/house/availability"}
    assert left["home/house/availability"] == b"online"
    config = json.loads(left["homeassistant/device/timbrel_house/config"])
    assert config["availability"] == [{"topic": "home/house/availability"}]


def test_retires_a_place_if_the_access_list_forbids_reading(
    tmp_path: Path, start_broker: StartBroker
) -> None:
    access = tmp_path / "access"
    access.write_text(
        "topic write timbrel/#\ntopic read timbrel/+/+/set\n"
        "topic write homeassistant/device/+/config\ntopic read homeassistant/status\n"
        "user watcher\ntopic readwrite #\n"
    )
    access.chmod(0o644)
    broker = start_broker(f"allow_anonymous true\nacl_file {access}\n")
    box = Box(tmp_path / "box", broker.port)
    with Watcher(broker.port, username="watcher", password="any") as watcher:  # noqa: S106
        announce_both(box, watcher)
        with box.running(HALL) as daemon:
            watcher.wait_for(AVAILABILITY, lambda m: m.payload == b"offline")
            watcher.wait_for(CONFIG, lambda m: m.payload == b"")
            eventually(lambda: box.places == ["hall"])
            assert "ERROR" not in daemon.log


def test_keeps_a_place_until_the_broker_accepts_its_removal(
    tmp_path: Path, start_broker: StartBroker
) -> None:
    access = tmp_path / "access"
    access.write_text("topic readwrite #\n")
    access.chmod(0o644)
    broker = start_broker(f"allow_anonymous true\nacl_file {access}\n")
    box = Box(tmp_path / "box", broker.port)
    with Watcher(broker.port) as watcher:
        announce_both(box, watcher)
    access.write_text("topic readwrite timbrel/#\ntopic read homeassistant/#\n")
    broker.kill()
    broker.start()
    with box.running(HALL, mqtt={**box.settings["mqtt"], "protocol": "5"}) as daemon:
        # One line covers all devices.
        daemon.wait_for("/config: Not authorized")
        daemon.wait_for("porch is no longer configured")
        time.sleep(1)
    assert box.places == ["hall", "porch"]


def test_retires_a_place_if_a_box_without_discovery_may_write_only_its_topics(
    tmp_path: Path, start_broker: StartBroker
) -> None:
    access = tmp_path / "access"
    access.write_text("topic readwrite timbrel/#\nuser watcher\ntopic readwrite #\n")
    access.chmod(0o644)
    broker = start_broker(f"allow_anonymous true\nacl_file {access}\n")
    box = Box(tmp_path / "box", broker.port)
    box.settings["mqtt"] |= {"discovery": False, "protocol": "5"}
    with Watcher(broker.port, username="watcher", password="any") as watcher:  # noqa: S106
        announce_both(box, watcher)
        with box.running(HALL) as daemon:
            daemon.wait_for("porch is no longer configured")
            watcher.wait_for("timbrel/porch/hearing", lambda m: m.payload == b"")
            eventually(lambda: box.places == ["hall"])
            assert "refuses" not in daemon.log


def test_clears_a_remaining_device_after_discovery_was_disabled(
    box: Box, broker: Mosquitto, watcher: Watcher
) -> None:
    announce_both(box, watcher)
    assert CONFIG in retained(broker.port)
    with box.running(HALL, mqtt={**box.settings["mqtt"], "discovery": False}):
        eventually(lambda: box.places == ["hall"])
        assert CONFIG not in retained(broker.port)


@pytest.fixture
def old_box(tmp_path: Path, broker: Mosquitto) -> Box:
    """A box with the state files and retained messages of 0.1.0."""
    box = Box(tmp_path / "old", broker.port, name="attic")
    shutil.copytree(FIXTURE / "own" / "state", box.state)
    box.settings["mqtt"] |= {"topic_prefix": "home/music", "discovery_prefix": "ha/discovery"}
    for message in json.loads((FIXTURE / "own" / "retained.json").read_text()):
        payload = message["payload"]
        text = payload if isinstance(payload, str) else json.dumps(payload)
        publish_retained(broker, message["topic"], text.encode())
    return box


def test_retires_a_place_announced_by_0_1_0(old_box: Box, broker: Mosquitto) -> None:
    places = [{**HALL, "name": name} for name in ("piano_room", "studio")]
    with old_box.running(*places) as daemon:
        daemon.wait_for("porch is no longer configured")
        eventually(lambda: old_box.places == ["piano_room", "studio"])
        left = retained(broker.port)
    assert {t: p for t, p in left.items() if "porch" in t} == {
        "home/music/porch/availability": b"offline"
    }
    assert "ha/discovery/device/timbrel_studio/config" in left


@pytest.mark.parametrize(
    "theirs",
    [
        ["home/music/garden/availability"],
        ["home/music/garden/availability", "home/music/porch/availability"],
        None,
    ],
    ids=["of 0.1.0", "of today", "unknown"],
)
def test_leaves_a_place_of_0_1_0_alone_if_its_owner_is_unclear(
    theirs: list[str] | None, old_box: Box, broker: Mosquitto
) -> None:
    topic = "ha/discovery/device/timbrel_porch/config"
    config = theirs and json.dumps({"availability": [{"topic": t} for t in theirs]})
    publish_retained(broker, topic, (config or "").encode())
    places = [{**HALL, "name": name} for name in ("piano_room", "studio")]
    with old_box.running(*places) as daemon:
        eventually(lambda: old_box.places == ["piano_room", "studio"])
        assert "no longer configured" not in daemon.log
        left = retained(broker.port)
    assert "home/music/porch/hearing" in left
    assert (topic in left) == (theirs is not None)


def test_warns_of_a_place_of_0_1_0_if_the_broker_shows_nothing_of_it(
    old_box: Box, tmp_path: Path, start_broker: StartBroker
) -> None:
    access = tmp_path / "access"
    access.write_text("topic write home/music/#\ntopic write ha/discovery/#\n")
    access.chmod(0o644)
    broker = start_broker(f"allow_anonymous true\nacl_file {access}\n")
    old_box.settings["mqtt"] |= {"port": broker.port}
    places = [{**HALL, "name": name} for name in ("piano_room", "studio")]
    with old_box.running(*places, log={"level": "warning"}) as daemon:
        daemon.wait_for("timbrel forget porch removes it")
        eventually(lambda: old_box.places == ["piano_room", "studio"])
