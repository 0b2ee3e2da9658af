"""Refused and oversized messages: no event is lost, nothing is blocked, all is logged."""

import json
import logging
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from daemon.configuration.settings import MqttSettings, TlsSettings
from daemon.hub.messages import Message
from daemon.mqtt import delivery, incoming
from daemon.mqtt import link as mqtt_link
from daemon.mqtt.connection import Connection
from daemon.mqtt.incoming import Subscriber
from daemon.mqtt.link import Link
from daemon.mqtt.outbox import event_queue
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.wire.packets import encoded_length
from tests.conftest import ROOT, Mosquitto, StartBroker, Watcher
from tests.daemon.mqtt.test_link import (
    board_of,
    eventually,
    make_certificate,
    make_password_file,
    publish,
)
from tests.daemon.scripted_broker import (
    DISCONNECT,
    PUBLISH,
    Answer,
    Published,
    ScriptedBroker,
    packet,
    publication,
)

EVENT, STATE, HEARING = "timbrel/node/event", "timbrel/node/state", "timbrel/node/hearing"
OFFLINE = Message("timbrel/box/availability", b"offline", 1, retain=True)
ONLINE = OFFLINE._replace(payload=b"online")
DISCOVERY = Message("homeassistant/device/timbrel_node/config", b"x" * 23_000, 1, retain=True)
COMMAND = "timbrel/node/mute/set"
RETRIED = [0x80, 0x83, 0x87, 0x91, 0x97, 0xAA]
FINAL = [0x90, 0x95, 0x99]


class Sender(NamedTuple):
    """A connected link and what it sends and receives."""

    link: Link
    """The link."""
    outbox: Outbox
    """Its outbox."""
    commands: list[tuple[str, bytes, bool]]
    """The commands received so far: topic, payload, retain flag."""

    def put(self, *numbers: int) -> None:
        for number in numbers:
            payload = json.dumps({"number": number}).encode()
            self.outbox.put(Message(EVENT, payload, 1), str(number))

    def publish(self, topic: str, payload: bytes, qos: int = 0) -> None:
        self.link.board.post(Message(topic, payload, qos, retain=True))


@contextmanager
def sender(
    port: int,
    greeting: Sequence[Message] = (ONLINE,),
    password: str | None = None,
    birth_topic: str | None = None,
    own_topics: Sequence[str] = (),
    **options: Any,
) -> Iterator[Sender]:
    """Run a connected link; `options` are MQTT settings."""
    outbox, received = Outbox(), list[tuple[str, bytes, bool]]()
    settings = MqttSettings(**{"host": "127.0.0.1", "port": port, **options})
    link = Link(
        settings,
        password,
        board_of(greeting),
        outbox,
        Connection(settings),
        client_id="box",
        will=OFFLINE,
        commands=Subscriber([COMMAND], lambda *command: received.append(command)),
        own_topics=Subscriber(own_topics, lambda *_: None),
        birth_topics=[] if birth_topic is None else [birth_topic],
    )
    with link:
        assert link.connection.wait(10)
        yield Sender(link, outbox, received)


def number_of(payload: bytes) -> int:
    number: int = json.loads(payload)["number"]
    return number


class Script:
    """Answers events with these reason codes in turn, then with 0."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.accepted: list[int] = []
        """Numbers of the accepted events, in order."""

    def __call__(self, message: Published) -> int:
        if not message.topic.startswith(EVENT):
            return 0
        code = self.codes.pop(0) if self.codes else 0
        if code < 0x80:
            self.accepted.append(number_of(message.payload))
        return code


def refusing(topic: str, code: int) -> Answer:
    return lambda message: code if message.topic == topic else 0


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_queue, "_FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(event_queue, "_LONGEST_PAUSE_SECONDS", 0.5)
    monkeypatch.setattr(delivery, "_FIRST_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(delivery, "_LONGEST_RETRY_SECONDS", 0.4)


def test_quota_loses_no_event() -> None:
    script = Script(*([0, 0, 0, 0x97] * 40))
    with ScriptedBroker(script) as broker, sender(broker.port) as its:
        its.put(*range(138))
        assert its.link.flush(30) == 0
        assert sorted(script.accepted) == list(range(138))
        # Events sent together with the first refused one may be accepted before it.
        assert script.accepted[20:] == sorted(script.accepted[20:])
        assert its.outbox.dropped == 0
        assert its.link.connection.refusals.count >= 34


@pytest.mark.parametrize("code", RETRIED)
def test_resends_refused_event_before_later_ones(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script(*([code] * 4))
    with ScriptedBroker(script) as broker, sender(broker.port) as its:
        its.put(0)
        eventually(lambda: its.link.connection.refusals.count)
        its.put(1, 2, 3)
        assert its.link.flush(10) == 0
        assert [number_of(payload) for payload in broker.of(EVENT)] == [0, 0, 0, 0, 0, 1, 2, 3]
        assert (its.link.connection.refusals.count, its.outbox.dropped) == (4, 0)
    assert caplog.text.count(f"the broker refuses {EVENT}: ") == 1
    assert "events are kept and sent again" in caplog.text


@pytest.mark.parametrize("code", FINAL)
def test_drops_and_counts_event_that_can_never_be_accepted(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script(0, code)
    with ScriptedBroker(script) as broker, sender(broker.port) as its:
        its.put(0, 1, 2, 3)
        assert its.link.flush(10) == 0
        assert script.accepted == [0, 2, 3]
        assert (its.link.connection.refusals.count, its.outbox.dropped) == (1, 1)
        assert its.link.connection.count == 1
    assert "the event is dropped" in caplog.text


def test_logs_refusals_with_remedy_and_later_acceptance(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with (
        ScriptedBroker(Script(*([0x87] * 5))) as broker,
        sender(broker.port, username="anna") as its,
    ):
        its.put(0, 1)
        assert its.link.flush(10) == 0
    lines = [record.getMessage() for record in caplog.records if "broker refuses" in record.message]
    remedy = f"give the user anna write access to {EVENT} in the broker's access list"
    kept = "events are kept and sent again"
    assert lines == [f"the broker refuses {EVENT}: Not authorized; {remedy}; {kept}"]
    assert "the broker accepts every event again" in caplog.text


def test_no_matching_subscribers_is_not_a_refusal() -> None:
    with ScriptedBroker(lambda _: 0x10) as broker, sender(broker.port) as its:
        its.put(0, 1)
        assert its.link.flush(10) == 0
        assert its.link.connection.refusals.count == 0


def test_puback_of_mqtt_3_1_1_has_no_reason_code() -> None:
    with (
        ScriptedBroker(lambda _: 0x87) as broker,
        sender(broker.port, protocol="3.1.1") as its,
    ):
        its.put(0, 1)
        assert its.link.flush(10) == 0
        assert its.link.connection.refusals.count == 0


def test_events_wait_until_access_list_allows_them(
    start_broker: StartBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    passwords = make_password_file(tmp_path, "box", "secret")
    access = tmp_path / "access"
    rules = (
        "topic read #\n\nuser box\ntopic write timbrel/box/#\ntopic write timbrel/node/hearing\n"
    )
    access.write_text(rules)
    broker = start_broker(f"allow_anonymous true\npassword_file {passwords}\nacl_file {access}\n")
    with (
        Watcher(broker.port) as watcher,
        sender(broker.port, password="secret", username="box") as its,  # noqa: S106
    ):
        its.publish(HEARING, b"{}", qos=1)
        its.put(*range(30))
        eventually(lambda: its.link.connection.refusals.count > 20)
        watcher.wait_for(HEARING)
        assert its.outbox.waiting == 30
        access.write_text(f"{rules}topic write timbrel/node/event\n")
        assert broker._process is not None
        broker._process.send_signal(signal.SIGHUP)
        assert its.link.flush(15) == 0
        watcher.wait_for(EVENT, lambda m: number_of(m.payload) == 29)
        assert [number_of(m.payload) for m in watcher.of(EVENT)] == list(range(30))
        assert (its.link.connection.count, its.outbox.dropped) == (1, 0)
    assert f"give the user box write access to {EVENT}" in caplog.text


def test_documented_access_list_is_sufficient(start_broker: StartBroker, tmp_path: Path) -> None:
    passwords = make_password_file(tmp_path, "timbrel", "secret")
    text = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
    rules = text.partition("```mosquitto\n")[2].partition("```")[0]
    assert rules.startswith("user timbrel")
    access = tmp_path / "access"
    access.write_text(f"topic readwrite #\n{rules}")
    broker = start_broker(f"allow_anonymous true\npassword_file {passwords}\nacl_file {access}\n")
    with (
        Watcher(broker.port) as watcher,
        sender(broker.port, [DISCOVERY, ONLINE], "secret", username="timbrel") as its,
    ):
        its.publish(HEARING, b"{}", qos=1)
        its.put(0)
        assert its.link.flush(10) == 0
        for topic in (DISCOVERY.topic, ONLINE.topic, HEARING, EVENT):
            watcher.wait_for(topic)
        publish(broker.port, COMMAND, b"ON")
        eventually(lambda: its.commands == [(COMMAND, b"ON", False)])
        assert its.link.connection.refusals.count == 0


def test_republishes_everything_once_access_list_allows_it() -> None:
    codes = {HEARING: 0x87}
    with (
        ScriptedBroker(lambda m: codes.get(m.topic, 0)) as broker,
        sender(broker.port, [DISCOVERY, ONLINE]) as its,
    ):
        its.publish(HEARING, b"1", qos=1)
        its.publish(STATE, b"playing")
        eventually(lambda: broker.of(HEARING).count(b"1") >= 2)
        its.publish(HEARING, b"2", qos=1)
        eventually(lambda: broker.of(HEARING).count(b"2") >= 2)
        eventually(lambda: its.link.connection.refusals.count == len(broker.of(HEARING)))
        assert len(broker.of(STATE)) == len(broker.of(ONLINE.topic)) == 1
        codes.clear()
        eventually(lambda: len(broker.of(STATE)) > 1)
        eventually(lambda: len(broker.of(ONLINE.topic)) > 1)
        sent = len(broker.published)
        time.sleep(0.6)
        assert len(broker.published) == sent, "it republishes although everything is accepted"
        assert broker.of(STATE)[-1] == b"playing"


def test_republishes_once_for_several_refused_topics() -> None:
    refused = {HEARING, DISCOVERY.topic, ONLINE.topic}
    with (
        ScriptedBroker(lambda m: 0x87 if m.topic in refused else 0) as broker,
        sender(broker.port, [DISCOVERY, ONLINE]) as its,
    ):
        its.publish(HEARING, b"1", qos=1)
        its.publish(STATE, b"playing")
        eventually(lambda: its.link.connection.refusals.count >= 3)
        refused.clear()
        eventually(lambda: len(broker.of(STATE)) > 1)
        time.sleep(0.6)
        assert len(broker.of(STATE)) == 2


def test_sends_events_although_discovery_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    with (
        ScriptedBroker(refusing(DISCOVERY.topic, 0x87)) as broker,
        sender(broker.port, [DISCOVERY, ONLINE]) as its,
    ):
        its.put(0, 1, 2)
        assert its.link.flush(10) == 0
        assert len(broker.of(EVENT)) == 3
        eventually(lambda: its.link.connection.refusals.count >= 2)
    assert f"the broker refuses {DISCOVERY.topic}: Not authorized" in caplog.text


@pytest.mark.parametrize("size", [1100, 65_000])
def test_sends_events_despite_long_reason_strings(size: int) -> None:
    reason = b"\x1f" + size.to_bytes(2) + b"r" * size
    script = Script(*([0x97, 0] * 5))
    with (
        ScriptedBroker(script, explanation=encoded_length(len(reason)) + reason) as broker,
        sender(broker.port) as its,
    ):
        its.put(*range(50))
        assert its.link.flush(20) == 0
        assert sorted(script.accepted) == list(range(50))
        assert its.link.connection.count == 1


@pytest.mark.parametrize(("allowed", "most"), [(1, 1), (5, 5), (65_535, 20)])
def test_respects_receive_maximum(allowed: int, most: int) -> None:
    properties = bytes([0x21, *allowed.to_bytes(2)])
    greeting = [ONLINE._replace(topic=f"timbrel/{n}/availability") for n in range(30)]
    with (
        ScriptedBroker(properties=properties) as broker,
        sender(broker.port, greeting) as its,
    ):
        its.put(*range(100))
        assert its.link.flush(20) == 0
        assert broker.most_in_flight <= most
        assert [number_of(payload) for payload in broker.of(EVENT)] == list(range(100))
        assert {m.topic for m in broker.published} >= {m.topic for m in greeting}


def test_skips_and_logs_messages_over_maximum_packet_size(
    caplog: pytest.LogCaptureFixture,
) -> None:
    properties = bytes([0x27, *(10_000).to_bytes(4)])
    with (
        ScriptedBroker(properties=properties, largest=9_997) as broker,
        sender(broker.port, [DISCOVERY, ONLINE]) as its,
    ):
        its.put(0)
        its.outbox.put(Message(EVENT, b"{%s}" % (b" " * 10_000), 1), "large")
        its.publish(STATE, b"x" * 20_000)
        its.put(1)
        assert its.link.flush(10) == 0
        assert [number_of(payload) for payload in broker.of(EVENT)] == [0, 1]
        assert {m.topic for m in broker.published} == {ONLINE.topic, EVENT}
        assert its.outbox.dropped == 1
        assert its.link.connection.count == 1
    limit = "because it is too large: the broker accepts 10000 bytes; raise its maximum"
    assert f"{DISCOVERY.topic} is not sent {limit}" in caplog.text
    assert "max_packet_size) or set mqtt.discovery: false" in caplog.text
    assert f"{STATE} is not sent" in caplog.text
    assert f"{EVENT}: the event is too large; it is dropped" in caplog.text


def test_skips_discovery_that_ends_connections_and_retries_it_later(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_link, "_FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(mqtt_link, "_SETTLED_SECONDS", 0.5)
    with (
        ScriptedBroker(largest=10_000) as broker,
        sender(broker.port, [DISCOVERY, ONLINE], protocol="3.1.1") as its,
    ):
        its.put(0)
        assert its.link.flush(10) == 0
        assert its.link.connection.count == 3
        assert broker.of(DISCOVERY.topic) == []
        assert f"{DISCOVERY.topic} is not sent because it is too large" in caplog.text
        assert "the broker closed the connection each time" in caplog.text
        assert "set mqtt.discovery: false" in caplog.text
        time.sleep(0.6)
        broker.close_connections()
        eventually(lambda: its.link.connection.count == 5)
        its.put(1)
        assert its.link.flush(10) == 0
        time.sleep(0.6)
        broker.largest = None
        broker.close_connections()
        eventually(lambda: broker.of(DISCOVERY.topic))
        its.put(2)
        assert its.link.flush(10) == 0
        assert its.link.connection.count == 6
        assert [number_of(payload) for payload in broker.of(EVENT)] == [0, 1, 2]


LIMIT_OF_1_MB = bytes([0x27, *(1_000_000).to_bytes(4)])


@contextmanager
def closing_at_discovery(
    times: int, last: bytes = b"", properties: bytes = b""
) -> Iterator[ScriptedBroker]:
    """Run a broker that closes the connection at discovery the first `times` times.

    It sends the bytes `last` before.
    """

    def answer(message: Published) -> int | None:
        if message.topic != DISCOVERY.topic or len(broker.of(DISCOVERY.topic)) > times:
            return 0
        broker.send(last)
        broker.close_connections()
        return None

    with ScriptedBroker(answer, properties=properties) as broker:
        yield broker


@pytest.mark.parametrize("properties", [b"", LIMIT_OF_1_MB])
@pytest.mark.parametrize("reason", [None, 0x87, 0x8B, 0x8E])
def test_lost_connections_of_mqtt_5_do_not_skip_discovery(
    reason: int | None,
    properties: bytes,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mqtt_link, "_FIRST_PAUSE_SECONDS", 0.1)
    last = b"" if reason is None else packet(DISCONNECT, bytes([reason]))
    with (
        closing_at_discovery(3, last, properties) as broker,
        sender(broker.port, [DISCOVERY, ONLINE]) as its,
    ):
        eventually(lambda: len(broker.of(DISCOVERY.topic)) == 4)
        its.put(0)
        assert its.link.flush(10) == 0
        assert its.link.connection.count == 4
    assert "too large" not in caplog.text


def test_skips_discovery_after_packet_too_large_of_mqtt_5(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_link, "_FIRST_PAUSE_SECONDS", 0.1)
    with (
        closing_at_discovery(9, packet(DISCONNECT, b"\x95")) as broker,
        sender(broker.port, [DISCOVERY, ONLINE]) as its,
    ):
        its.put(0)
        assert its.link.flush(10) == 0
        eventually(lambda: its.link.connection.count == 3)
    assert f"{DISCOVERY.topic} is not sent because it is too large" in caplog.text


@pytest.mark.parametrize("largest", [None, 10_000])
def test_birth_message_retries_discovery(
    largest: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_link, "_FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(mqtt_link, "_SETTLED_SECONDS", 0.5)
    monkeypatch.setattr(incoming, "_LONGEST_BIRTH_PAUSE_SECONDS", 0.1)
    birth = "homeassistant/status"
    with (
        ScriptedBroker(largest=10_000) as broker,
        sender(broker.port, [DISCOVERY, ONLINE], birth_topic=birth, protocol="3.1.1") as its,
    ):
        its.put(0)
        assert its.link.flush(10) == 0
        assert its.link.connection.count == 3
        time.sleep(0.6)
        broker.largest = largest
        broker.send(publication(birth, b"online"))
        # If the limit is unchanged, that costs one connection.
        connections = 3 if largest is None else 4
        eventually(lambda: its.link.connection.count == connections)
        eventually(lambda: len(broker.of(DISCOVERY.topic)) == (largest is None))
        its.put(1)
        assert its.link.flush(10) == 0
        time.sleep(1.0)
        assert its.link.connection.count == connections


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_sends_events_through_mosquitto_with_small_packet_size(
    protocol: str,
    start_broker: StartBroker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mqtt_link, "_SETTLED_SECONDS", 0.5)
    broker = start_broker("allow_anonymous true\nmax_packet_size 10000\n")
    with sender(broker.port, [DISCOVERY, ONLINE], protocol=protocol) as its:
        with Watcher(broker.port) as watcher:
            eventually(lambda: its.link.connection.count == (1 if protocol == "5" else 3))
            its.put(0)
            watcher.wait_for(EVENT)
            assert watcher.of(DISCOVERY.topic) == []
        assert f"{DISCOVERY.topic} is not sent" in caplog.text
        time.sleep(0.6)
        broker.kill()
        text = broker._config.read_text().replace("max_packet_size 10000", "max_packet_size 90000")
        broker._config.write_text(text)
        broker.start()
        with Watcher(broker.port) as watcher:
            watcher.wait_for(DISCOVERY.topic)


def test_sends_events_through_mosquitto_with_small_message_size(
    start_broker: StartBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker = start_broker("allow_anonymous true\nmessage_size_limit 10000\n")
    with (
        Watcher(broker.port) as watcher,
        sender(broker.port, [DISCOVERY, ONLINE]) as its,
    ):
        its.put(0, 1)
        watcher.wait_for(EVENT, lambda m: number_of(m.payload) == 1)
        assert its.link.connection.count == 1
        assert its.link.connection.refusals.count == 1
    assert f"the broker refuses {DISCOVERY.topic}: Packet too large; raise" in caplog.text


@pytest.mark.parametrize(
    "message",
    [
        Message("timbrel/+/event", b"{}", 1),
        Message("timbrel/#", b"{}", 1),
        Message("", b"{}", 1),
        Message("timbrel/\0/event", b"{}", 1),
    ],
)
def test_event_with_invalid_topic_does_not_block_later_ones(
    message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedBroker() as broker, sender(broker.port) as its:
        its.outbox.put(message, "damaged")
        its.put(0)
        assert its.link.flush(10) == 0
        assert its.outbox.dropped == 1
        assert its.link.connection.count == 1
    assert "damaged; it is dropped" in caplog.text


@pytest.mark.parametrize("payload", [b"no JSON", b"[1]", b"\xff", b""])
def test_late_event_with_damaged_payload_does_not_block_later_ones(
    payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_queue, "_LATE_SECONDS", 0.0)
    with ScriptedBroker() as broker, sender(broker.port) as its:
        its.outbox.put(Message(EVENT, payload, 1), "damaged")
        its.put(0)
        assert its.link.flush(10) == 0
        assert its.outbox.dropped == 1
        assert [number_of(p) for p in broker.of(f"{EVENT}/late")] == [0]


def test_publishes_offline_while_acknowledgements_are_outstanding() -> None:
    with (
        ScriptedBroker(lambda m: None if m.topic == EVENT else 0) as broker,
        sender(broker.port) as its,
    ):
        its.put(*range(20))
        eventually(lambda: len(broker.of(EVENT)) == 20)
        its.link.__exit__(None, None, None)
        eventually(lambda: broker.of(OFFLINE.topic)[-1] == b"offline")


def test_ignores_and_logs_large_message_of_mqtt_3_1_1(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    publish(broker.port, COMMAND, b"x" * 3_000_000, retain=True)
    with sender(broker.port, protocol="3.1.1") as its:
        eventually(lambda: its.commands)
        ((topic, payload, retained),) = its.commands
        assert (topic, retained) == (COMMAND, True)
        assert len(payload) < 1024
        publish(broker.port, COMMAND, b"ON")
        eventually(lambda: len(its.commands) > 1)
        assert its.commands[1] == (COMMAND, b"ON", False)
        its.put(0)
        assert its.link.flush(10) == 0
        assert its.link.connection.count == 1
    assert (
        f"{COMMAND}: ignoring a message of more than 65536 bytes; "
        f"remove it: mosquitto_pub -h 127.0.0.1 -p {broker.port} -r -n -t {COMMAND}"
    ) in caplog.text


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_ignores_large_message_over_tls(start_broker: StartBroker, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        plain = probe.getsockname()[1]
    broker = start_broker(
        f"certfile {certificate}\nkeyfile {key}\nallow_anonymous true\nlistener {plain} 127.0.0.1\n"
    )
    eventually(lambda: is_listening(plain))
    publish(plain, COMMAND, b"x" * 3_000_000, retain=True)
    tls = TlsSettings(ca_file=str(certificate))
    with sender(broker.port, host="localhost", protocol="3.1.1", tls=tls) as its:
        eventually(lambda: its.commands)
        publish(plain, COMMAND, b"ON")
        eventually(lambda: its.commands[-1] == (COMMAND, b"ON", False))
        its.put(0)
        assert its.link.flush(10) == 0
        assert (len(its.commands), its.link.connection.count) == (2, 1)


def test_large_message_slower_than_keepalive_does_not_end_connection() -> None:
    whole = publication(COMMAND, b"x" * 400_000, retain=True)
    with (
        ScriptedBroker() as broker,
        sender(broker.port, protocol="3.1.1", keepalive_seconds=2) as its,
    ):
        eventually(lambda: broker.of(ONLINE.topic) and not its.link._delivery._in_flight)
        # PINGRESPs would arrive after the message.
        broker.answers_pings = False
        for at in range(0, len(whole), 8_000):
            time.sleep(0.1)
            broker.send(whole[at : at + 8_000])
        broker.answers_pings = True
        broker.send(publication(COMMAND, b"ON"))
        eventually(lambda: its.commands and its.commands[-1] == (COMMAND, b"ON", False))
        assert its.link.connection.count == 1


def http_get(port: int, path: str) -> str:
    """Return the body of the daemon's response, even of an error; "" if it does not answer yet."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/{path}") as answer:
            return str(answer.read(), "utf-8")
    except urllib.error.HTTPError as error:
        return str(error.read(), "utf-8")
    except OSError:
        return ""


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_logs_and_reconnects_to_broker_that_acknowledges_nothing(
    protocol: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(mqtt_link, "_SETTLED_SECONDS", 0.5)
    monkeypatch.setattr(mqtt_link, "_FIRST_PAUSE_SECONDS", 0.1)
    acknowledges = threading.Event()
    with (
        ScriptedBroker(lambda _: 0 if acknowledges.is_set() else None) as broker,
        sender(broker.port, protocol=protocol) as its,
    ):
        its.put(0, 1)
        eventually(lambda: its.link.connection.count == 3)
        assert caplog.text.count("does not acknowledge messages; events are kept") == 1
        acknowledges.set()
        assert its.link.flush(10) == 0
        assert [number_of(payload) for payload in broker.of(EVENT)][-2:] == [0, 1]


def test_resends_message_that_broker_skips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "_ANSWER_SECONDS", 1.0)
    first = threading.Event()

    def answer(message: Published) -> int | None:
        if message.topic == HEARING and not first.is_set():
            first.set()
            return None
        return 0

    with ScriptedBroker(answer) as broker, sender(broker.port) as its:
        its.publish(HEARING, b"{}", qos=1)
        for number in range(15):
            its.put(number)
            time.sleep(0.1)
        eventually(lambda: len(broker.of(HEARING)) == 2)
        assert its.link.flush(10) == 0
        assert its.link.connection.count == 2


def test_stays_connected_to_slow_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_ANSWER_SECONDS", 1.0)

    def answer(message: Published) -> int:
        time.sleep(0.2 if message.topic == EVENT else 0.0)
        return 0

    with ScriptedBroker(answer, answers_singly=True) as broker, sender(broker.port) as its:
        its.put(*range(15))
        assert its.link.flush(20) == 0
        assert its.link.connection.count == 1


def refusals_of(port: int) -> float:
    """Return the number of refusals from the daemon's metrics; 0 if it does not answer yet."""
    if not (text := http_get(port, "metrics")):
        return 0.0
    (count,) = re.findall(r"^timbrel_broker_refusals_total (.*)", text, re.MULTILINE)
    return float(count)


def test_daemon_reports_refused_messages_in_log_metrics_and_health(
    start_broker: StartBroker, tmp_path: Path
) -> None:
    pytest.importorskip("prometheus_client", reason="needs prometheus-client")
    access = tmp_path / "access"
    access.write_text("topic read #\ntopic write timbrel/timbrel/availability\n")
    broker = start_broker(f"allow_anonymous true\nacl_file {access}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config, log = tmp_path / "timbrel.yaml", tmp_path / "log"
    config.write_text(
        f"audio: {{device: no such microphone}}\nhealth: {{port: {port}}}\n"
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n"
    )
    refused = "the broker refuses timbrel/timbrel/hearing: Not authorized"
    remedy = "give clients without a username write access to timbrel/timbrel/hearing"
    command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=ROOT, stderr=output) as process,
    ):
        try:
            eventually(lambda: f"{refused}; {remedy}" in log.read_text(), 30)
            # Discovery, hearing, practice and four settings.
            eventually(lambda: refusals_of(port) >= 7)
            kinds = ["discovery", "hearing", "practice", "settings"]
            report = json.loads(http_get(port, "healthz"))
            assert report["broker"] == f"connected but refuses {', '.join(kinds)}"
        finally:
            process.terminate()


def peak_memory_mb(arguments: Sequence[str], ready: Callable[[str], bool]) -> float:
    """Run a daemon until `ready` accepts a log line; return its peak memory in MB."""
    with subprocess.Popen(
        [sys.executable, "-m", "daemon", "run", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if ready(line):
                break
        else:
            pytest.fail("the daemon ended")
        time.sleep(1.0)
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        process.terminate()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def test_retained_message_of_100_mb_uses_no_memory(broker: Mosquitto, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        "audio: {device: no such microphone}\n"
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}, protocol: 3.1.1}}\n"
    )
    arguments = ["--config", str(config)]
    without_mb = peak_memory_mb(arguments, lambda line: "connected" in line)
    publish(broker.port, "timbrel/timbrel/mute/set", b"x" * 100_000_000, retain=True)
    with_mb = peak_memory_mb(arguments, lambda line: "ignoring a message" in line)
    assert with_mb < without_mb + 10


def test_invalid_packet_only_ends_the_connection() -> None:
    with ScriptedBroker() as broker, sender(broker.port) as its:
        broker.send(packet(PUBLISH, b"\xff\xff", 0b0110))
        eventually(lambda: its.link.connection.count == 2)
        its.put(0)
        assert its.link.flush(10) == 0
