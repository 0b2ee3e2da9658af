"""The broker's maximum packet size: from its CONNACK, or inferred from lost connections."""

from collections.abc import Iterable

from daemon.hub.messages import Message
from daemon.mqtt.wire.packets import encoded_length

# Only discovery is larger, so that no other message is ever left out by mistake.
_SUSPECT_BYTES = 4096
_MOST_LOSSES = 2


class PacketLimit:
    """Decides which messages are too large for the broker.

    A broker of MQTT 5 states its maximum packet size; one of 3.1.1 just closes the connection. A
    large message counts as too large once two connections in a row have ended before it was
    acknowledged. `retry` allows it again, because the broker may have been reconfigured.
    """

    def __init__(self) -> None:
        self._stated_bytes: int | None = None
        self._inferred_bytes: int | None = None
        self._properties = False
        self._losses = 0

    def connected(self, stated_bytes: int | None, *, properties: bool) -> None:
        """Start a connection with the maximum packet size of the CONNACK, None without one.

        `properties`: MQTT 5, whose PUBLISH packets are one byte longer.
        """
        self._stated_bytes = stated_bytes
        self._properties = properties

    def excess(self, message: Message) -> str | None:
        """Return why the message is too large, in words; None if it is not."""
        size = self._size_bytes(message)
        if self._stated_bytes is not None and size > self._stated_bytes:
            return f"the broker accepts {self._stated_bytes} bytes"
        if self._inferred_bytes is not None and size >= self._inferred_bytes:
            return "the broker closed the connection each time"
        return None

    def acknowledged(self, message: Message) -> None:
        """Record that the broker acknowledged a message."""
        if self._is_suspect(message):
            self._losses = 0

    def connection_lost(self, unacknowledged: Iterable[Message]) -> None:
        """Record that the broker may have ended the connection because of one of these."""
        sizes = [self._size_bytes(m) for m in unacknowledged if self._is_suspect(m)]
        if sizes:
            self._losses += 1
            if self._losses >= _MOST_LOSSES:
                self._inferred_bytes = min(sizes)

    def retry(self) -> None:
        """Allow large messages again until the next lost connection."""
        if self._inferred_bytes is not None:
            self._inferred_bytes, self._losses = None, _MOST_LOSSES - 1

    def _is_suspect(self, message: Message) -> bool:
        return self._size_bytes(message) > _SUSPECT_BYTES

    def _size_bytes(self, message: Message) -> int:
        topic, payload, qos, _ = message
        body = 2 + len(topic.encode()) + (2 if qos else 0) + self._properties + len(payload)
        return 1 + len(encoded_length(body)) + body
