"""The last messages before we disconnect from the broker."""

import time
from collections.abc import Callable

from paho.mqtt.enums import MQTTErrorCode

from daemon.hub.board import Board
from daemon.hub.messages import Message
from daemon.mqtt.wire.bounded_client import BoundedClient

_CLEARED_SECONDS = 2.0


class GracefulDisconnect:
    """Publishes the will message itself, because a broker discards the will at a DISCONNECT.

    With `clears_topics` it also clears every retained topic of the board.
    """

    def __init__(self, will: Message, board: Board, *, clears_topics: bool) -> None:
        self._will = will
        self._board = board
        self._clears_topics = clears_topics

    def run(self, client: BoundedClient, turn: Callable[[], None], *, is_full: bool) -> None:
        """Publish the messages and disconnect; `turn` reads and writes the connection once.

        `is_full`: so many acknowledgements are outstanding that the library would hold back a
        message with QoS 1.
        """
        client.publish(*self._will._replace(qos=0 if is_full else 1))
        if self._clears_topics:
            self._clear(client, turn)
        client.disconnect()

    def _clear(self, client: BoundedClient, turn: Callable[[], None]) -> None:
        """Clear the topics and wait for the PUBACK: closing earlier may lose the messages."""
        # Discovery comes first, so that the hub removes the device before its states.
        for topic in self._board.topics():
            if topic != self._will.topic:
                client.publish(topic, b"", retain=True)
        last = client.publish(self._will.topic, b"", 1, retain=True)
        deadline = time.monotonic() + _CLEARED_SECONDS
        while (
            client.socket() is not None
            and last.rc == MQTTErrorCode.MQTT_ERR_SUCCESS
            and not last.is_published()
            and time.monotonic() < deadline
        ):
            turn()
