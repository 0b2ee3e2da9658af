"""The embedded broker as its clients see it."""

import asyncio
import socket
from typing import Any

import pytest

from daemon.mqtt.embedded_broker import embedded_broker
from tests.conftest import Watcher

CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c"
CONNACK, DISCONNECT = 0x20, b"\xe0\x00"


def publish(topic: str) -> bytes:
    """Return a PUBLISH with QoS 0 and the payload x."""
    return bytes([0x30, len(topic) + 3, 0, len(topic)]) + topic.encode() + b"x"


def test_delivers_messages_sent_right_before_disconnect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from amqtt.broker import Broker

    deliver = Broker._handle_message_delivery

    async def slowly(*arguments: Any) -> Any:
        # As on a busy machine.
        await asyncio.sleep(0.05)
        return await deliver(*arguments)

    monkeypatch.setattr(Broker, "_handle_message_delivery", slowly)
    topics = [f"topic/{number}" for number in range(10)]
    with (
        embedded_broker() as port,
        Watcher(port) as watcher,
        socket.create_connection(("127.0.0.1", port), 10) as client,
    ):
        client.sendall(CONNECT)
        assert client.recv(4)[0] == CONNACK
        client.sendall(b"".join(map(publish, topics)) + DISCONNECT)
        watcher.wait_for(topics[-1])
    assert [message.topic for message in watcher.received] == topics
