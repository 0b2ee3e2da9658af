"""The link to the broker: connecting, publishing, reconnecting, subscribing."""

import json
import logging
import random
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.publish import single

from daemon.configuration.settings import MqttSettings, TlsSettings
from daemon.errors import InputError
from daemon.hub.board import Board
from daemon.hub.messages import Message
from daemon.mqtt import incoming, protocol_choice
from daemon.mqtt import link as mqtt_link
from daemon.mqtt.connection import Connection
from daemon.mqtt.embedded_broker import embedded_broker
from daemon.mqtt.incoming import Subscriber
from daemon.mqtt.link import Link
from daemon.mqtt.outbox import event_queue
from daemon.mqtt.outbox.outbox import Outbox
from daemon.mqtt.protocol_choice import ProtocolChoice
from daemon.system import limited_log
from tests.conftest import Mosquitto, Received, StartBroker, Watcher
from tests.daemon.scripted_broker import ScriptedBroker

OFFLINE = Message("timbrel/box/availability", b"offline", 1, retain=True)
ONLINE = OFFLINE._replace(payload=b"online")


def link_to(
    port: int, password: str | None = None, greeting: Sequence[Message] = (ONLINE,), **options: Any
) -> Link:
    settings = MqttSettings(**{"host": "127.0.0.1", "port": port, **options})
    return Link(
        settings,
        password,
        board_of(greeting),
        Outbox(),
        Connection(settings),
        client_id="box",
        will=OFFLINE,
    )


def board_of(messages: Sequence[Message]) -> Board:
    board = Board()
    for message in messages:
        board.post(message)
    return board


def send(link: Link, number: int) -> None:
    """Put an event into the link's outbox."""
    link._outbox.put(event(number), str(number))


def event(number: int) -> Message:
    return Message("timbrel/node/event", json.dumps({"number": number}).encode(), qos=1)


def numbers(received: Sequence[Received]) -> list[int]:
    return [message.json["number"] for message in received]


def test_publishes_online_messages_and_offline(broker: Mosquitto, watcher: Watcher) -> None:
    with link_to(broker.port) as link:
        assert link.connection.wait(5)
        link.board.post(Message("timbrel/node/state", b"{}", retain=True))
        send(link, 1)
        assert link.flush(5) == 0
    watcher.wait_for(OFFLINE.topic, lambda m: m.payload == b"offline")
    assert [m.payload for m in watcher.of(OFFLINE.topic)] == [b"online", b"offline"]
    assert numbers(watcher.of("timbrel/node/event")) == [1]
    assert watcher.of("timbrel/node/event")[0].qos == 1
    with Watcher(broker.port) as newcomer:
        assert newcomer.wait_for("timbrel/node/state").retained
        assert newcomer.wait_for(OFFLINE.topic).payload == b"offline"
        assert newcomer.of("timbrel/node/event") == []


def test_uses_mqtt_5_if_broker_supports_it(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with link_to(broker.port) as link:
        assert link.connection.wait(5)
    assert "with MQTT 5" in caplog.text


def test_falls_back_to_3_1_1_if_broker_does_not_support_5(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol_choice, "_ANSWER_SECONDS", 1.0)
    caplog.set_level(logging.INFO)
    with embedded_broker() as port, link_to(port) as link:
        assert link.connection.wait(15)
        send(link, 1)
        assert link.flush(5) == 0
    assert "with MQTT 3.1.1" in caplog.text


def test_events_from_before_broker_start_arrive_in_order(
    start_broker: StartBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Leave time to subscribe before the link reconnects.
    monkeypatch.setattr(mqtt_link, "_FIRST_PAUSE_SECONDS", 3.0)
    broker = start_broker()
    broker.kill()
    with link_to(broker.port) as link:
        for number in range(50):
            send(link, number)
        assert link.flush(0.2) == 50
        broker.start()
        with Watcher(broker.port) as watcher:
            assert link.flush(15) == 0
            watcher.wait_for("timbrel/node/event", lambda m: m.json["number"] == 49)
            assert numbers(watcher.of("timbrel/node/event")) == list(range(50))


def test_no_event_is_lost_when_broker_is_killed(start_broker: StartBroker) -> None:
    broker = start_broker("allow_anonymous true\npersistence false\n")
    seen: list[int] = []
    with link_to(broker.port) as link:
        assert link.connection.wait(5)
        for round_ in range(3):
            with Watcher(broker.port) as watcher:
                for number in range(round_ * 40, round_ * 40 + 20):
                    send(link, number)
                assert link.flush(15) == 0
                last = round_ * 40 + 19
                watcher.wait_for("timbrel/node/event", lambda m: m.json["number"] == last)  # noqa: B023
                seen += numbers(watcher.of("timbrel/node/event"))
            broker.kill()
            for number in range(round_ * 40 + 20, round_ * 40 + 40):
                send(link, number)
            broker.start()
        assert link.flush(30) == 0
    assert set(range(20)) <= set(seen)
    assert sorted(set(seen)) == list(dict.fromkeys(seen)), "out of order"


def test_sends_only_newest_of_waiting_states(broker: Mosquitto, watcher: Watcher) -> None:
    link = link_to(broker.port)
    for number in range(5):
        link.board.post(Message("timbrel/node/state", b"%d" % number, retain=True))
    send(link, 1)
    with link:
        watcher.wait_for("timbrel/node/event")
    assert [m.payload for m in watcher.of("timbrel/node/state")] == [b"4"]


def test_event_that_waited_a_minute_is_sent_as_late(
    broker: Mosquitto, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_queue, "_LATE_SECONDS", 0.3)
    link = link_to(broker.port)
    send(link, 1)
    time.sleep(0.5)
    with link:
        late = watcher.wait_for("timbrel/node/event/late")
        send(link, 2)
        watcher.wait_for("timbrel/node/event")
    assert late.json == {"number": 1, "late": True}
    assert numbers(watcher.of("timbrel/node/event")) == [2]


def test_connects_with_password_and_tls(start_broker: StartBroker, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    passwords = make_password_file(tmp_path, "box", "secret")
    broker = start_broker(
        f"certfile {certificate}\nkeyfile {key}\npassword_file {passwords}\nallow_anonymous false\n"
    )
    tls = TlsSettings(ca_file=str(certificate))
    with link_to(broker.port, "secret", host="localhost", username="box", tls=tls) as link:
        assert link.connection.wait(5)
        send(link, 1)
        assert link.flush(5) == 0


def test_reports_certificate_of_unknown_authority_with_remedy(
    start_broker: StartBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = make_certificate(tmp_path)
    broker = start_broker(f"certfile {certificate}\nkeyfile {key}\nallow_anonymous true\n")
    with link_to(broker.port, host="localhost", tls=TlsSettings()) as link:
        assert not link.connection.wait(5)
        assert link.connection.trouble is not None
        assert link.connection.trouble.needs_user
    assert "certificate that is not accepted" in caplog.text
    assert "mqtt.tls.ca_file" in caplog.text


def test_logs_refused_password_once_and_retries(
    start_broker: StartBroker,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = make_password_file(tmp_path, "box", "secret")
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    with link_to(broker.port, "wrong", username="box") as link:
        assert not link.connection.wait(5)
        time.sleep(2.0)
        refusals = [r for r in caplog.records if "Not authorized" in r.message]
        assert len(refusals) == 1
        monkeypatch.setattr(limited_log, "_REPEAT_SECONDS", 0.1)
        time.sleep(2.5)
    again = [r.message for r in caplog.records if "Not authorized" in r.message][1]
    assert again.startswith(refusals[0].message)
    assert re.search(r" \(\d+ attempts\)$", again)
    assert "mqtt.password_file" in refusals[0].message
    assert "wrong" not in caplog.text.replace("wrong password", "")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "no-such-host.invalid"}, ["no-such-host.invalid", "name not found"]),
        ({"port": 1}, ["127.0.0.1:1", "(is it running?)"]),
    ],
)
def test_reports_unreachable_broker(
    options: dict[str, Any], words: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with link_to(**{"port": 1, **options}) as link:
        assert not link.connection.wait(1.5)
    assert all(word in caplog.text for word in words)


def test_reports_server_that_does_not_answer(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol_choice, "_ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server, link_to(server.getsockname()[1]) as link:
        port = server.getsockname()[1]
        eventually(lambda: link.connection.trouble is not None)
        assert not link.connection.wait(0.1)
    assert f"the broker at 127.0.0.1:{port} does not answer; see the broker's log" in caplog.text


def test_connects_to_broker_that_answers_later_than_keepalive() -> None:
    with (
        ScriptedBroker(silence_seconds=4.0) as broker,
        link_to(broker.port, keepalive_seconds=1) as link,
    ):
        assert link.connection.wait(10)
        assert broker.versions == [5]


def test_wait_for_connection_times_out() -> None:
    with ScriptedBroker(silence_seconds=30.0) as broker, link_to(broker.port) as link:
        eventually(lambda: broker.versions)
        began = time.monotonic()
        assert not link.connection.wait(0.3)
        assert 0.3 <= time.monotonic() - began < 3.0
        assert link.connection.trouble is None


def test_timeout_grows_until_slow_broker_accepts_mqtt_5(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol_choice, "_ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(mqtt_link, "_FIRST_PAUSE_SECONDS", 0.05)
    with ScriptedBroker(silence_seconds=0.9) as broker, link_to(broker.port) as link:
        eventually(lambda: link.connection.is_accepted, 20)
        assert broker.versions == [5, 4, 5, 4, 5]


def test_timeout_is_at_most_a_minute() -> None:
    protocol = ProtocolChoice("5")
    timeouts = [protocol.connack_timeout_seconds]
    for _ in range(20):
        protocol.timed_out()
        timeouts.append(protocol.connack_timeout_seconds)
    assert timeouts == [10, 20, 40, *[60] * 18]


def test_exit_does_not_wait_for_silent_broker() -> None:
    with ScriptedBroker(silence_seconds=30.0) as broker:
        with link_to(broker.port) as link:
            eventually(lambda: broker.versions)
            began = time.monotonic()
        assert time.monotonic() - began < 10.0
        assert not link._thread.is_alive()


def test_logs_refused_subscription(caplog: pytest.LogCaptureFixture) -> None:
    with (
        ScriptedBroker(subscription=0x87) as broker,
        commanded_link(broker.port, []) as link,
    ):
        eventually(lambda: "timbrel/node/mute/set" in caplog.text)
        assert link.connection.count == 1
    refused = "the broker refuses our subscription to homeassistant/status: Not authorized; give "
    assert refused in caplog.text


def test_detects_frozen_broker_and_resends_its_events(
    broker: Mosquitto, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    with link_to(broker.port, keepalive_seconds=5) as link:
        assert link.connection.wait(5)
        broker.freeze()
        frozen_at = time.monotonic()
        send(link, 1)
        while link.connection.is_accepted:
            assert time.monotonic() - frozen_at < 2.5 * 5 + 1
            time.sleep(0.05)
        assert "the broker stopped answering" in caplog.text
        broker.thaw()
        send(link, 2)
        assert link.flush(20) == 0
    watcher.wait_for("timbrel/node/event", lambda m: m.json["number"] == 2)
    assert set(numbers(watcher.of("timbrel/node/event"))) == {1, 2}


def test_two_clients_with_one_id_back_off(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    with link_to(broker.port) as one, link_to(broker.port) as other:
        time.sleep(4)
        assert 2 <= one.connection.count + other.connection.count < 10
    assert len(caplog.records) < 5


def test_logs_reason_code_of_disconnect(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with server, link_to(server.getsockname()[1]) as link:
        client, _ = server.accept()
        with client:
            client.recv(1000)
            client.sendall(b"\x20\x03\x00\x00\x00")
            assert link.connection.wait(5)
            client.sendall(b"\xe0\x01\x8e")
            server.accept()[0].close()
    assert "another client connected with our client id; another Timbrel" in caplog.text
    assert "the same name, box: give each box a unique name" in caplog.text


def test_link_survives_data_that_is_not_mqtt(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with link_to(port) as link:
            for number in range(6):
                client, _ = server.accept()
                client.recv(1000)
                client.sendall(bytes([0x20, number, 255, 255, 255, 255, 255, 127] * 40))
                client.close()
            assert link._thread.is_alive()
    assert f"127.0.0.1:{port}" in caplog.text


@pytest.mark.parametrize("file", ["absent.pem", "junk.pem"])
def test_unusable_tls_files_raise_input_error(file: str, tmp_path: Path) -> None:
    (tmp_path / "junk.pem").write_text("no certificate")
    path = str(tmp_path / file)
    with pytest.raises(InputError, match=f"mqtt.tls.ca_file: .*{file}"):
        link_to(1, tls=TlsSettings(ca_file=path))
    with pytest.raises(InputError, match=f"mqtt.tls.certificate_file: .*{file}"):
        link_to(1, tls=TlsSettings(certificate_file=path))


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for localhost; return it and its key."""
    certificate, key = folder / "broker.pem", folder / "broker.key"
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def make_password_file(folder: Path, user: str, password: str) -> Path:
    """Make a mosquitto password file with one user."""
    file = folder / "passwords"
    command = ["mosquitto_passwd", "-b", "-c", str(file), user, password]
    subprocess.run(command, check=True, capture_output=True)
    file.chmod(0o644)
    return file


BIRTH = "homeassistant/status"
DEVICE = Message("homeassistant/device/box/config", b"{}", 1, retain=True)


def commanded_link(port: int, taken: list[tuple[str, bytes, bool]], **options: Any) -> Link:
    """Return a link that receives commands on one topic and the hub's birth messages."""
    settings = MqttSettings(**{"host": "127.0.0.1", "port": port, **options})
    return Link(
        settings,
        None,
        board_of([DEVICE, ONLINE]),
        Outbox(),
        Connection(settings),
        client_id="box",
        will=OFFLINE,
        commands=Subscriber(
            ["timbrel/node/mute/set"],
            lambda topic, payload, retained: taken.append((topic, payload, retained)),
        ),
        birth_topics=[BIRTH],
    )


def publish(port: int, topic: str, payload: bytes, *, retain: bool = False, **options: Any) -> None:
    """Publish as another client; return once the broker has acknowledged the message."""
    single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=port, **options)


def wait_subscribed(link: Link) -> None:
    """Wait until the link is connected and its subscriptions have reached the broker."""
    assert link.connection.wait(5)
    time.sleep(0.3)


def eventually(is_so: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_passes_on_commands_with_their_retain_flag(broker: Mosquitto, protocol: str) -> None:
    taken: list[tuple[str, bytes, bool]] = []
    publish(broker.port, "timbrel/node/mute/set", b"OFF", retain=True)
    with commanded_link(broker.port, taken, protocol=protocol) as link:
        wait_subscribed(link)
        eventually(lambda: taken)
        publish(broker.port, "timbrel/node/mute/set", b"ON")
        publish(broker.port, "timbrel/node/volume/set", b"9")
        eventually(lambda: len(taken) > 1)
        time.sleep(0.2)
    assert taken == [
        ("timbrel/node/mute/set", b"OFF", True),
        ("timbrel/node/mute/set", b"ON", False),
    ]


def test_receives_commands_after_broker_restart(start_broker: StartBroker) -> None:
    broker = start_broker()
    taken: list[tuple[str, bytes, bool]] = []
    with commanded_link(broker.port, taken) as link:
        wait_subscribed(link)
        broker.kill()
        broker.start()
        eventually(lambda: link.connection.count == 2)
        eventually(lambda: link.connection.is_accepted)
        publish(broker.port, "timbrel/node/mute/set", b"ON")
        eventually(lambda: taken)


def test_republishes_everything_in_order_when_hub_starts(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "_LONGEST_BIRTH_PAUSE_SECONDS", 0.5)
    with commanded_link(broker.port, []) as link:
        wait_subscribed(link)
        link.board.post(Message("timbrel/node/state", b"1", retain=True))
        link.board.post(Message("timbrel/node/state", b"2", retain=True))
        link.board.post(Message("timbrel/node/level", b"-30", retain=True))
        assert link.flush(5) == 0
        with Watcher(broker.port) as watcher:
            publish(broker.port, BIRTH, b"online")
            watcher.wait_for(DEVICE.topic, lambda m: not m.retained)
            time.sleep(0.5)
            messages = [(m.topic, m.payload) for m in watcher.received if not m.retained]
    # Earlier messages may still arrive.
    assert messages[messages.index((DEVICE.topic, DEVICE.payload)) :] == [
        (DEVICE.topic, b"{}"),
        (ONLINE.topic, b"online"),
        ("timbrel/node/state", b"2"),
        ("timbrel/node/level", b"-30"),
    ]


def test_ignores_retained_birth_and_offline_of_hub(broker: Mosquitto) -> None:
    publish(broker.port, BIRTH, b"online", retain=True)
    with commanded_link(broker.port, []) as link:
        wait_subscribed(link)
        time.sleep(0.3)
        publish(broker.port, BIRTH, b"offline")
        time.sleep(0.3)
        assert link.connection.republish_at == float("inf")


def test_republishes_after_random_delay_when_hub_starts(broker: Mosquitto) -> None:
    random.seed(1)  # A seed without pauses that are too short to be observed.
    delays = set()
    with commanded_link(broker.port, []) as link:
        wait_subscribed(link)
        for _ in range(5):
            began = time.monotonic()
            publish(broker.port, BIRTH, b"online")
            eventually(lambda: link.connection.republish_at < float("inf"))
            at = link.connection.republish_at
            assert began <= at <= time.monotonic() + incoming._LONGEST_BIRTH_PAUSE_SECONDS
            delays.add(at - began)
            link.connection.republish_at = float("inf")
    assert len(delays) == 5


def test_broker_of_mqtt_5_withholds_oversized_commands(broker: Mosquitto) -> None:
    taken: list[tuple[str, bytes, bool]] = []
    with commanded_link(broker.port, taken) as link:
        wait_subscribed(link)
        publish(broker.port, "timbrel/node/mute/set", b"x" * 70_000)
        publish(broker.port, "timbrel/node/mute/set", b"ON")
        eventually(lambda: taken)
    assert taken == [("timbrel/node/mute/set", b"ON", False)]


def test_internal_error_at_connack_is_not_blamed_on_broker(broker: Mosquitto) -> None:
    class FaultyBoard(Board):
        def topics(self) -> list[str]:
            raise ValueError("internal error")

    settings = MqttSettings(host="127.0.0.1", port=broker.port)
    with Link(
        *(settings, None, FaultyBoard(), Outbox(), Connection(settings)),
        client_id="box",
        will=OFFLINE,
    ) as link:
        eventually(lambda: link.connection.trouble is not None)
        assert link.connection.trouble is not None
        assert link.connection.trouble.reason.endswith("internal error")
        assert link._protocol.version is protocol_choice.V5
