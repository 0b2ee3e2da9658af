"""The watching client reports refusals at once, in one line."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from daemon.configuration.settings import MqttSettings
from daemon.errors import FailedError, InputError
from daemon.mqtt import watcher
from daemon.mqtt.watcher import watching
from daemon.system.stop import Stop
from tests.conftest import Mosquitto, StartBroker
from tests.daemon.mqtt.test_link import make_password_file, publish

CONNACK = b"\x20\x02\x00\x00"
SUBSCRIBE = 0x82


@contextmanager
def stub_broker(suback: bytes | None) -> Iterator[MqttSettings]:
    """Run a broker that accepts one client and answers each SUBSCRIBE with these return codes.

    None: it never answers. mosquitto cannot be used: it grants even subscriptions that its access
    list forbids.
    """
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = server.accept()
        with client:
            client.recv(1024)
            client.sendall(CONNACK)
            while data := client.recv(1024):
                if data[0] == SUBSCRIBE and suback is not None:
                    client.sendall(bytes([0x90, 2 + len(suback)]) + data[2:4] + suback)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with server:
        yield MqttSettings(host="127.0.0.1", port=server.getsockname()[1])
    thread.join(5)


def error_of(settings: MqttSettings, error: type[Exception], password: str | None = None) -> str:
    began = time.monotonic()
    with (
        pytest.raises(error) as caught,
        watching(settings, password, lambda _topic, _payload: None),
    ):
        pass
    assert time.monotonic() - began < 5
    return str(caught.value)


def test_refused_subscription_raises_error_with_remedy() -> None:
    with stub_broker(b"\x80\x80") as settings:
        error = error_of(settings, InputError)
    assert f"the broker at 127.0.0.1:{settings.port} answers Unspecified error" in error
    assert "the user's read access in" in error


def test_accepts_granted_subscriptions() -> None:
    with (
        stub_broker(b"\x01\x00") as settings,
        watching(settings, None, lambda *_: None) as answered,
    ):
        assert answered


def test_stop_request_ends_wait_for_answer() -> None:
    stop = Stop()
    stop.set()
    with (
        stub_broker(None) as settings,
        watching(settings, None, lambda *_: None, stop=stop) as answered,
    ):
        assert not answered


def test_fails_if_broker_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "_ANSWER_SECONDS", 0.3)
    with stub_broker(None) as settings:
        assert "does not answer" in error_of(settings, FailedError)


def test_reports_refused_credentials_at_once(
    tmp_path_factory: pytest.TempPathFactory, start_broker: StartBroker
) -> None:
    passwords = make_password_file(tmp_path_factory.mktemp("passwords"), "box", "secret")
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    settings = MqttSettings(host="127.0.0.1", port=broker.port, username="box")
    assert "Not authorized" in error_of(settings, InputError, "wrong")


def test_invalid_host_is_an_input_error() -> None:
    error = error_of(MqttSettings(host="no such host.invalid", port=1883), InputError)
    assert "mqtt.host" in error


def test_receives_only_given_topics(broker: Mosquitto) -> None:
    settings = MqttSettings(host="127.0.0.1", port=broker.port)
    received: list[str] = []
    arrived = threading.Event()

    def show(topic: str, _payload: bytes) -> None:
        received.append(topic)
        if topic == "timbrel/a/end":
            arrived.set()

    with watching(settings, None, show, topics=["timbrel/a/#"]):
        for topic in ("timbrel/b/state", "timbrel/a/state", "timbrel/a/end"):
            publish(broker.port, topic, b"x")
        assert arrived.wait(10)
    assert received == ["timbrel/a/state", "timbrel/a/end"]
