"""How refused messages and subscriptions are reported in log, diagnostics and health."""

import json
import logging
import time
from pathlib import Path

import pytest

from daemon.counters import Counters
from daemon.hub.messages import Message
from daemon.mqtt import delivery, subscriptions
from daemon.place_state import PlaceState
from daemon.runtime.place import PlaceStatus
from daemon.runtime.report import Report
from tests.conftest import StartBroker
from tests.daemon.mqtt.test_delivery import COMMAND, DISCOVERY, HEARING, OFFLINE, ONLINE, sender
from tests.daemon.mqtt.test_link import eventually
from tests.daemon.runtime.test_status import Still
from tests.daemon.scripted_broker import ScriptedBroker

BIRTH = "homeassistant/status"
PLUGINS = sorted(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
PLACE = Still("node", PlaceStatus(PlaceState.HEARING), Counters())


def refusal_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = [record.getMessage() for record in caplog.records]
    return [text for text in messages if text.startswith("the broker refuses")]


@pytest.mark.parametrize(
    ("topic", "kind", "meaning"),
    [
        (DISCOVERY.topic, "discovery", "no device will appear in Home Assistant"),
        (OFFLINE.topic, "availability", "the hub shows the box as unavailable"),
        (HEARING, "hearing", "the hub receives no report of whether sound arrives"),
        ("timbrel/node/practice", "practice", "the hub receives no minutes and sessions"),
        ("timbrel/node/mute", "settings", "the hub does not receive the current values"),
    ],
)
def test_logs_refused_message_with_consequence(
    topic: str, kind: str, meaning: str, caplog: pytest.LogCaptureFixture
) -> None:
    message = Message(topic, b"{}", 1, retain=True)
    with ScriptedBroker(lambda _: 0x87) as broker, sender(broker.port, [message]) as its:
        eventually(lambda: its.link.connection.refusals.kinds == (kind,))
        report = Report([PLACE], its.link, its.outbox)  # type: ignore[list-item]
        assert report.counters()["node"].refusing == (kind,)
        assert report.health().broker == f"connected but refuses {kind}"
    (line,) = refusal_lines(caplog)
    assert line.startswith(f"the broker refuses {topic}: Not authorized; give clients without")
    assert meaning in line


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("homeassistant/device/timbrel_attic/config", b""),
        ("timbrel/attic/state", b""),
        ("timbrel/attic/hearing", b""),
        ("old/timbrel/availability", b"offline"),
    ],
)
def test_logs_refused_removal_of_place_as_leftovers(
    topic: str, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    message = Message(topic, payload, 1, retain=True)
    with ScriptedBroker(lambda _: 0x87) as broker, sender(broker.port, [message]) as its:
        eventually(lambda: its.link.connection.refusals.kinds == ("leftovers",))
    (line,) = refusal_lines(caplog)
    assert line.startswith(f"the broker refuses {topic}: Not authorized; give clients without")
    assert line.endswith(
        "it is sent again later; the topics of a place that is no longer configured stay in the "
        "hub; timbrel forget NODE removes them"
    )


def test_logs_refused_messages_of_several_places_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_FIRST_RETRY_SECONDS", 0.1)
    caplog.set_level(logging.INFO)
    refused = {f"homeassistant/device/timbrel_{n}/config" for n in range(3)}
    greeting = [*(DISCOVERY._replace(topic=topic) for topic in sorted(refused)), ONLINE]
    with (
        ScriptedBroker(lambda m: 0x87 if m.topic in refused else 0) as broker,
        sender(broker.port, greeting) as its,
    ):
        eventually(lambda: its.link.connection.refusals.count >= 6)
        assert len(refusal_lines(caplog)) == 1
        refused.pop()
        eventually(lambda: "the broker accepts homeassistant/device" in caplog.text)
        assert its.link.connection.refusals.kinds == ("discovery",)
        refused.clear()
        eventually(lambda: its.link.connection.refusals.kinds == ())
        assert its.link.connection.state == "connected"


def test_accepted_events_are_no_longer_reported_as_refused() -> None:
    codes = [0x97, 0x97]
    with (
        ScriptedBroker(lambda m: codes.pop() if "event" in m.topic and codes else 0) as broker,
        sender(broker.port) as its,
    ):
        its.put(1)
        eventually(lambda: its.link.connection.refusals.kinds == ("events",))
        assert its.link.flush(10) == 0
        assert its.link.connection.refusals.kinds == ()


def test_logs_refused_subscriptions_with_consequence(
    start_broker: StartBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if not PLUGINS:
        pytest.skip("needs mosquitto's dynamic security plugin")
    rights = {
        "publishClientSend": True,
        "publishClientReceive": True,
        "subscribe": False,
        "unsubscribe": True,
    }
    file = tmp_path / "security.json"
    file.write_text(json.dumps({"defaultACLAccess": rights}))
    broker = start_broker(
        f"allow_anonymous true\nplugin {PLUGINS[0]}\nplugin_opt_config_file {file}\n"
    )
    with sender(broker.port, birth_topic=BIRTH) as its:
        eventually(lambda: its.link.connection.refusals.kinds == ("birth", "commands"))
        assert its.link.flush(5) == 0
    lines = refusal_lines(caplog)
    give = "Not authorized; give clients without a username read access to it"
    assert len(lines) == 2
    assert lines[0].startswith(f"the broker refuses our subscription to {BIRTH}: {give}")
    assert "after a restart of the hub" in lines[0]
    assert lines[1].startswith(f"the broker refuses our subscription to {COMMAND}: {give}")
    assert "the hub cannot change settings" in lines[1]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_retries_refused_subscription(
    protocol: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "_RETRY_SECONDS", 0.3)
    caplog.set_level(logging.INFO)
    with (
        ScriptedBroker(subscription=0x80) as broker,
        sender(broker.port, protocol=protocol) as its,
    ):
        eventually(lambda: its.link.connection.refusals.kinds == ("commands",))
        broker.subscription = 1
        eventually(lambda: its.link.connection.refusals.kinds == ())
        assert its.link.connection.count == 1
    assert f"the broker accepts our subscription to {COMMAND}" in caplog.text


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_skips_optional_subscriptions_at_which_broker_closes_connection(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        ScriptedBroker(closes_at=ONLINE.topic) as broker,
        sender(broker.port, own_topics=[ONLINE.topic, "b"], protocol=protocol) as its,
    ):
        eventually(lambda: its.link.connection.count == 3)
        its.put(1)
        eventually(lambda: broker.of("timbrel/node/event"))
        time.sleep(2)
        assert its.link.connection.count == 3
        assert its.link.connection.state == "connected"
    (line,) = [text for text in caplog.messages if "closes the connection when" in text]
    assert f"subscribes to {ONLINE.topic} and 1 more; these subscriptions are skipped" in line
    assert "may have the same name" not in caplog.text


def test_subscribes_to_eight_topics_at_a_time_and_optional_ones_apart() -> None:
    topics = [f"n{number}" for number in range(9)]
    with (
        ScriptedBroker(subscription=0x80) as broker,
        sender(broker.port, own_topics=topics) as its,
    ):
        eventually(lambda: len(broker.subscribed) == 3)
        assert broker.subscribed == [[COMMAND], topics[:8], topics[8:]]
        # Only refusals of needed topics count, whatever the order of the answers.
        eventually(lambda: its.link.connection.refusals.kinds == ("commands",))
