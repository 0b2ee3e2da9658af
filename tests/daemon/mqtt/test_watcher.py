"""Another client of the broker: what refuses it is said at once, in one line."""

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
def peer(suback: bytes | None) -> Iterator[MqttSettings]:
    """A broker that takes every client and answers the first SUBSCRIBE with these return codes.

    mosquitto grants every subscription, also one that its access list forbids to read.
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


def refusal(settings: MqttSettings, error: type[Exception], password: str | None = None) -> str:
    began = time.monotonic()
    with (
        pytest.raises(error) as caught,
        watching(settings, password, lambda _topic, _payload: None),
    ):
        pass
    assert time.monotonic() - began < 5
    return str(caught.value)


def test_a_subscription_that_is_refused_names_the_remedy() -> None:
    with peer(b"\x80\x80") as settings:
        said = refusal(settings, InputError)
    assert f"the broker at 127.0.0.1:{settings.port} answers Unspecified error" in said
    assert "the user's read access in" in said


def test_subscriptions_that_are_granted_are_no_error() -> None:
    with peer(b"\x01\x00") as settings, watching(settings, None, lambda *_: None) as answered:
        assert answered


def test_a_request_to_stop_ends_the_wait_for_an_answer() -> None:
    stop = Stop()
    stop.set()
    with peer(None) as settings, watching(settings, None, lambda *_: None, stop=stop) as answered:
        assert not answered


def test_a_broker_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "_ANSWER_SECONDS", 0.3)
    with peer(None) as settings:
        assert "does not answer" in refusal(settings, FailedError)


def test_credentials_that_are_refused_are_said_at_once(
    tmp_path_factory: pytest.TempPathFactory, start_broker: StartBroker
) -> None:
    passwords = make_password_file(tmp_path_factory.mktemp("passwords"), "box", "secret")
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    settings = MqttSettings(host="127.0.0.1", port=broker.port, username="box")
    assert "Not authorized" in refusal(settings, InputError, "wrong")


def test_a_host_that_cannot_be_one_is_the_users_to_correct() -> None:
    said = refusal(MqttSettings(host="no such host.invalid", port=1883), InputError)
    assert "mqtt.host" in said


def test_only_the_topics_that_are_wanted_are_received(broker: Mosquitto) -> None:
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
