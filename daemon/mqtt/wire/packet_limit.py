"""How large a message the broker accepts: from its CONNACK, or learned from lost connections."""

from collections.abc import Iterable

from daemon.hub.messages import Message
from daemon.mqtt.wire.packets import encoded_length

# Only discovery is larger; a smaller message is never left out by mistake.
_SUSPECT_BYTES = 4096
_MOST_LOSSES = 2


class PacketLimit:
    """The broker's maximum packet size. MQTT 5 states it; a broker of 3.1.1 just hangs up.

    Two connections in a row that end before a large message is acknowledged show that it is too
    large. `try_again` has it sent again: the broker may have been reconfigured.
    """

    def __init__(self) -> None:
        self._stated_bytes: int | None = None
        self._learned_bytes: int | None = None
        self._properties = False
        self._losses = 0

    def connected(self, stated_bytes: int | None, *, properties: bool) -> None:
        """A connection begins; `properties`: MQTT 5, whose packets are a byte longer."""
        self._stated_bytes = stated_bytes
        self._properties = properties

    def excess(self, message: Message) -> str | None:
        """Return in words why the message is too large, None where it is not."""
        size = self._size_bytes(message)
        if self._stated_bytes is not None and size > self._stated_bytes:
            return f"the broker accepts {self._stated_bytes} bytes"
        if self._learned_bytes is not None and size >= self._learned_bytes:
            return "the broker closed the connection each time"
        return None

    def arrived(self, message: Message) -> None:
        """The broker acknowledged a message."""
        if self._is_suspect(message):
            self._losses = 0

    def lost(self, unacknowledged: Iterable[Message]) -> None:
        """The broker ended the connection, perhaps because one of these was too large."""
        sizes = [self._size_bytes(m) for m in unacknowledged if self._is_suspect(m)]
        if sizes:
            self._losses += 1
            if self._losses >= _MOST_LOSSES:
                self._learned_bytes = min(sizes)

    def try_again(self) -> None:
        """Send what seemed too large again: one more loss shows that nothing has changed."""
        if self._learned_bytes is not None:
            self._learned_bytes, self._losses = None, _MOST_LOSSES - 1

    def _is_suspect(self, message: Message) -> bool:
        return self._size_bytes(message) > _SUSPECT_BYTES

    def _size_bytes(self, message: Message) -> int:
        topic, payload, qos, _ = message
        body = 2 + len(topic.encode()) + (2 if qos else 0) + self._properties + len(payload)
        return 1 + len(encoded_length(body)) + body
