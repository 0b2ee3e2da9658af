"""Two boxes with one name, or with one name under different prefixes, at a real broker."""

import logging
import time
from pathlib import Path

import pytest
from paho.mqtt.publish import single

from daemon.mqtt.duplicate_name import AvailabilityGuard, ShortConnections
from tests.conftest import Mosquitto, Watcher
from tests.daemon.hub.test_retirement import CAMERA, Box
from tests.daemon.mqtt.test_link import eventually, link_to

TOPIC = "timbrel/box/availability"
ADVICE = "another Timbrel may have the same name, box: give each box a unique name"


class RecordingConnection:
    """A connection that records the delays after which everything is to be republished."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.delays: list[float] = []

    def republish_after(self, seconds: float) -> None:
        self.delays.append(seconds)


class GuardedBox:
    """An `AvailabilityGuard` with a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.connection = RecordingConnection()
        self.guard = AvailabilityGuard("box", lambda: {TOPIC}, self.connection, lambda: self.now)

    def receive(self, at: float, payload: bytes = b"offline", *, retained: bool = False) -> None:
        self.now = 1000.0 + at
        self.guard.receive(TOPIC, payload, retained)


def test_republishes_at_once_and_then_once_a_minute_after_foreign_offline() -> None:
    box = GuardedBox()
    for at in (0.0, 10.0, 20.0, 59.0):
        box.receive(at)
    # Requests for the same moment count as one: the link republishes everything once.
    assert [
        at + pause for at, pause in zip((0, 10, 20, 59), box.connection.delays, strict=True)
    ] == [
        *(0.0, 60.0, 60.0, 60.0),
    ]
    box.connection.delays.clear()
    box.receive(70.0)
    box.receive(200.0)
    assert box.connection.delays == [50.0, 0.0]


def test_ignores_online_retained_and_foreign_topics() -> None:
    box = GuardedBox()
    box.receive(0.0, b"online")
    box.receive(0.0, retained=True)
    box.guard.receive("timbrel/other/availability", b"offline", False)
    assert box.connection.delays == []


def test_warns_of_foreign_offline(caplog: pytest.LogCaptureFixture) -> None:
    box = GuardedBox()
    box.receive(0.0)
    (line,) = caplog.messages
    assert line == f"{TOPIC}: another client published offline; publishing online again; {ADVICE}"


def test_republishes_without_warning_after_late_will_of_previous_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    box = GuardedBox()
    box.connection.seconds = 0.5
    box.receive(0.0)
    assert box.connection.delays == [0.0]
    assert caplog.messages == []


def test_gives_advice_after_three_short_connections_in_a_row() -> None:
    connections = ShortConnections("box")
    advice = [
        connections.ended(quick=quick, taken_over=False) for quick in (True, True, False, True)
    ]
    advice += [connections.ended(quick=True, taken_over=False) for _ in range(3)]
    assert advice == ["", "", "", "", "", f"; {ADVICE}", f"; {ADVICE}"]


@pytest.mark.parametrize("protocol", ["5", "3.1.1", "auto"])
def test_two_links_with_one_client_id_report_a_duplicate_name(
    protocol: str, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with link_to(broker.port, protocol=protocol), link_to(broker.port, protocol=protocol):
        eventually(lambda: caplog.text.count(ADVICE) >= 2, seconds=40)


def test_broker_restart_is_not_reported_as_duplicate_name(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    with link_to(broker.port) as link:
        for connections in (1, 2):
            eventually(lambda: link.connection.count >= connections)  # noqa: B023
            time.sleep(0.2)
            broker.kill()
            broker.start()
        eventually(lambda: link.connection.count == 3)
    assert "lost the connection to the broker" in caplog.text
    assert ADVICE not in caplog.text


def test_publishes_online_again_after_namesake_disconnects(
    tmp_path: Path, broker: Mosquitto, watcher: Watcher
) -> None:
    one, other = (Box(tmp_path / folder, broker.port) for folder in ("one", "other"))
    for box, client_id in ((one, "one"), (other, "other")):
        box.settings["mqtt"]["client_id"] = client_id
    topic = "timbrel/house/availability"
    with one.running(CAMERA) as daemon:
        watcher.wait_for("timbrel/hall/hearing")
        with other.running(CAMERA):
            eventually(lambda: len(watcher.of(topic)) == 2)
            time.sleep(2)
        watcher.wait_for(topic, lambda m: m.payload == b"offline")
        eventually(lambda: watcher.of(topic)[-1].payload == b"online")
        daemon.wait_for(
            "another Timbrel may have the same name, house: give each box a unique name"
        )
        # The second time it waits until the minute is over.
        single(topic, b"offline", qos=1, retain=True, hostname="127.0.0.1", port=broker.port)
        time.sleep(2)
        assert watcher.of(topic)[-1].payload == b"offline"
        assert daemon.log.count("publishing online again") == 1


def test_boxes_under_different_prefixes_share_no_ids(
    tmp_path: Path, broker: Mosquitto, watcher: Watcher
) -> None:
    one, other = (Box(tmp_path / folder, broker.port) for folder in ("one", "other"))
    other.settings["mqtt"]["topic_prefix"] = "cellar"
    with one.running() as daemon, other.running() as other_daemon:
        for topic in ("timbrel/house/hearing", "cellar/house/hearing"):
            watcher.wait_for(topic)
        time.sleep(3)
        assert "lost the connection" not in daemon.log + other_daemon.log
    configs = {m.topic: m.json for m in watcher.received if m.topic.endswith("/config")}
    assert len(configs) == 2
    ids = [
        {c["unique_id"] for c in config["components"].values() if "unique_id" in c}
        for config in configs.values()
    ]
    assert len(ids[0]) == len(ids[1]) > 20
    assert not ids[0] & ids[1]
    devices = [config["device"]["identifiers"] for config in configs.values()]
    assert ["timbrel_house"] in devices
    assert devices[0] != devices[1]
