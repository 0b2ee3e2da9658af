"""The last messages before we leave the broker."""

import time
from collections.abc import Callable

from paho.mqtt.enums import MQTTErrorCode

from daemon.hub.board import Board
from daemon.hub.messages import Message
from daemon.mqtt.wire.bounded_client import BoundedClient

_CLEARED_SECONDS = 2.0


class Goodbye:
    """Publishes `farewell` instead of the will; `leaves_nothing` also clears retained topics."""

    def __init__(self, farewell: Message, board: Board, *, leaves_nothing: bool) -> None:
        self._farewell = farewell
        self._board = board
        self._leaves_nothing = leaves_nothing

    def say(self, client: BoundedClient, turn: Callable[[], None], *, is_full: bool) -> None:
        """Publish it and disconnect; `turn` reads and writes the connection once.

        `is_full`: the broker owes so many acknowledgements that the library would hold back a
        message with QoS 1.
        """
        client.publish(*self._farewell._replace(qos=0 if is_full else 1))
        if self._leaves_nothing:
            self._clear(client, turn)
        client.disconnect()

    def _clear(self, client: BoundedClient, turn: Callable[[], None]) -> None:
        """Clear the topics and wait for the answer: closing earlier may lose the messages."""
        # The device, which comes first, is gone from the hub before its states are.
        for topic in self._board.topics():
            if topic != self._farewell.topic:
                client.publish(topic, b"", retain=True)
        last = client.publish(self._farewell.topic, b"", 1, retain=True)
        deadline = time.monotonic() + _CLEARED_SECONDS
        while (
            client.socket() is not None
            and last.rc == MQTTErrorCode.MQTT_ERR_SUCCESS
            and not last.is_published()
            and time.monotonic() < deadline
        ):
            turn()
