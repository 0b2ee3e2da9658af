"""The link's thread survives every error, and the process ends if it does not."""

import threading
import time
from pathlib import Path
from typing import Any, Never

import numpy as np
import pytest

from daemon.commands.fed_device import FedDevice
from daemon.commands.run import run
from daemon.configuration.settings import MqttSettings
from daemon.configuration.settings_file import load
from daemon.errors import FailedError
from daemon.hub.board import Board
from daemon.hub.messages import Message
from daemon.mqtt.connection import Connection
from daemon.mqtt.link import Link
from daemon.mqtt.outbox.outbox import Outbox
from daemon.sound.ring import Ring
from tests.conftest import Mosquitto
from tests.daemon.mqtt.test_link import eventually

OFFLINE = Message("timbrel/box/availability", b"offline", 1, retain=True)


@pytest.mark.parametrize(
    ("options", "password", "topic"),
    [
        ({"username": "\udc80"}, None, OFFLINE.topic),
        ({"username": "me"}, "p\udce4ss", OFFLINE.topic),
        ({"client_id": "\ud83d"}, None, OFFLINE.topic),
        ({}, None, "\ud83d/availability"),
    ],
)
def test_thread_survives_text_that_is_not_unicode(
    broker: Mosquitto,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
    password: str | None,
    topic: str,
) -> None:
    will = OFFLINE._replace(topic=topic)
    settings = MqttSettings(**{"host": "127.0.0.1", "port": broker.port, **options})
    board, connection = Board(), Connection(settings)
    link = Link(settings, password, board, Outbox(), connection, client_id="b", will=will)
    with link:
        eventually(lambda: (trouble := connection.trouble) is not None and trouble.needs_user)
        time.sleep(0.5)
        link.check_thread()
    assert "characters that are not valid Unicode" in caplog.text


def test_thread_survives_internal_errors(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_client = Link._new_client
    faults = [ValueError("a fault"), KeyError("another")]

    def faulty(self: Link, refusals: list[str]) -> Any:
        if faults:
            raise faults.pop()
        return new_client(self, refusals)

    monkeypatch.setattr(Link, "_new_client", faulty)
    settings = MqttSettings(host="127.0.0.1", port=broker.port)
    board, connection = Board(), Connection(settings)
    with Link(settings, None, board, Outbox(), connection, client_id="b", will=OFFLINE) as link:
        eventually(lambda: link.connection.count)
    assert not faults


def feed(ring: Ring) -> None:
    """Write soft noise to the ring, in real time."""
    noise = np.random.default_rng(1).uniform(-0.01, 0.01, (1600, 1)).astype(np.float32)
    while True:
        ring.write(noise)
        time.sleep(0.1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_process_exits_if_thread_has_ended(
    tmp_path: Path, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n")
    serve = Link._serve

    def ending(self: Link, client: Any) -> Never:
        threading.Timer(1.0, client.disconnect).start()
        serve(self, client)
        raise SystemExit

    monkeypatch.setattr(Link, "_serve", ending)
    with pytest.raises(FailedError, match="the thread that connects to the broker has ended"):
        run(load(config), config, lambda _source, _portaudio, changed: FedDevice(feed, changed))
