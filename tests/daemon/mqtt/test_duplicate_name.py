"""Two boxes of one name, or of one name below different prefixes, at a real broker."""

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
ADVICE = "another Timbrel may have the same name, box: give each box a name of its own (name)"


class Broker:
    """A link that notes after how many seconds everything is to be said again."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.again: list[float] = []

    def republish_after(self, seconds: float) -> None:
        self.again.append(seconds)


class Home:
    """A presence at a clock that is set."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.broker = Broker()
        self.guard = AvailabilityGuard("box", lambda: {TOPIC}, self.broker, lambda: self.now)

    def hear(self, at: float, payload: bytes = b"offline", *, retained: bool = False) -> None:
        self.now = 1000.0 + at
        self.guard.receive(TOPIC, payload, retained)


def test_foreign_offline_is_answered_at_once_and_then_once_a_minute() -> None:
    home = Home()
    for at in (0.0, 10.0, 20.0, 59.0):
        home.hear(at)
    # Answers of the same moment are one: a link says everything again once.
    assert [at + pause for at, pause in zip((0, 10, 20, 59), home.broker.again, strict=True)] == [
        *(0.0, 60.0, 60.0, 60.0),
    ]
    home.broker.again.clear()
    home.hear(70.0)
    home.hear(200.0)
    assert home.broker.again == [50.0, 0.0]


def test_what_is_no_offline_of_this_moment_is_not_answered() -> None:
    home = Home()
    home.hear(0.0, b"online")
    home.hear(0.0, retained=True)
    home.guard.receive("timbrel/other/availability", b"offline", False)
    assert home.broker.again == []


def test_foreign_offline_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    home = Home()
    home.hear(0.0)
    (line,) = caplog.messages
    assert line == f"{TOPIC}: another client published offline; publishing online again; {ADVICE}"


def test_late_will_of_the_former_connection_is_answered_without_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    home = Home()
    home.broker.seconds = 0.5
    home.hear(0.0)
    assert home.broker.again == [0.0]
    assert caplog.messages == []


def test_three_quick_losses_in_a_row_are_suspicious() -> None:
    losses = ShortConnections("box")
    said = [losses.ended(quick=quick, taken_over=False) for quick in (True, True, False, True)]
    said += [losses.ended(quick=True, taken_over=False) for _ in range(3)]
    assert said == ["", "", "", "", "", f"; {ADVICE}", f"; {ADVICE}"]


@pytest.mark.parametrize("protocol", ["5", "3.1.1", "auto"])
def test_two_links_of_one_client_id_suspect_a_box_of_the_same_name(
    protocol: str, broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with link_to(broker.port, protocol=protocol), link_to(broker.port, protocol=protocol):
        eventually(lambda: caplog.text.count(ADVICE) >= 2, seconds=40)


def test_a_broker_that_restarts_is_no_suspect(
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


def test_box_says_online_again_when_its_double_leaves(
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
        daemon.wait_for("another Timbrel may have the same name, house: give each box a name")
        # The second time it waits for the end of the minute.
        single(topic, b"offline", qos=1, retain=True, hostname="127.0.0.1", port=broker.port)
        time.sleep(2)
        assert watcher.of(topic)[-1].payload == b"offline"
        assert daemon.log.count("publishing online again") == 1


def test_boxes_below_different_prefixes_share_nothing(
    tmp_path: Path, broker: Mosquitto, watcher: Watcher
) -> None:
    one, other = (Box(tmp_path / folder, broker.port) for folder in ("one", "other"))
    other.settings["mqtt"]["topic_prefix"] = "cellar"
    with one.running() as daemon, other.running() as its_double:
        for topic in ("timbrel/house/hearing", "cellar/house/hearing"):
            watcher.wait_for(topic)
        time.sleep(3)
        assert "lost the connection" not in daemon.log + its_double.log
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
