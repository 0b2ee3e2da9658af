"""Filter the broker's packets before the MQTT library reads them."""

import struct
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

# Kept of a packet that is too large: enough for its topic and for any command.
_KEPT_BYTES = 1024
_SKIP_BYTES = 65_536
_MOST_SKIPS = 16
_PINGRESP_SECONDS = 1.0
_PUBLISH, _PUBACK = 3, 4
_PINGRESP = b"\xd0\x00"
_MOST_LENGTH_BYTES = 4
_IDENTIFIER_BYTES = 2


class Stream(Protocol):
    """A non-blocking socket, plain or TLS."""

    def recv(self, size: int, /) -> bytes: ...  # noqa: D102
    def send(self, content: bytes | bytearray, /) -> int: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102
    def fileno(self) -> int: ...  # noqa: D102
    def setblocking(self, flag: bool, /) -> None: ...  # noqa: D102, FBT001


class Oversized(NamedTuple):
    """A message that was too large; only its beginning was kept."""

    topic: str
    """Its topic, perhaps cut."""
    retained: bool
    """The retain flag."""


class Packets:
    """A socket that cuts packets larger than `largest_bytes` and hides the PUBACKs' reason codes.

    The reader sees the beginning of a larger message, which it can acknowledge; the rest is
    discarded, and `on_oversized` is called. MQTT 5 has a maximum packet size for that, 3.1.1 has
    nothing. Reason codes are hidden because the library disconnects at a code that the standard
    does not list.
    """

    def __init__(
        self, stream: Stream, largest_bytes: int, on_oversized: Callable[[Oversized], None]
    ) -> None:
        self._stream = stream
        self._largest_bytes = largest_bytes
        self._on_oversized = on_oversized
        self._head = bytearray()
        self._body = bytearray()
        self._ready = bytearray()
        # Bytes of the current packet to collect in `_body`, to pass on unchanged, and to discard.
        self._collect_bytes = 0
        self._pass_bytes = 0
        self._skip_bytes = 0
        # Its length without the fixed header.
        self._size_bytes = 0
        self._pingresp_at = 0.0
        self.reason_codes: dict[int, int] = {}
        """The reason code of every PUBACK by its packet identifier."""
        self.send = stream.send
        self.close = stream.close
        self.fileno = stream.fileno
        self.setblocking = stream.setblocking

    def pending(self) -> int:
        """Return the number of buffered bytes, which `select` does not see."""
        pending: Callable[[], int] = getattr(self._stream, "pending", lambda: 0)
        return len(self._ready) + pending()

    def recv(self, size: int) -> bytes:
        """Return at most `size` bytes, b"" at the end of the connection.

        Raises the errors of the socket, such as BlockingIOError if there is nothing to read now.
        """
        skips = 0
        while not self._ready:
            if self._pass_bytes:
                content = self._stream.recv(min(size, self._pass_bytes))
                self._pass_bytes -= len(content)
                return content
            if self._skip_bytes and (skips := skips + 1) > _MOST_SKIPS:
                raise BlockingIOError
            content = self._stream.recv(self._next_bytes)
            if not content:
                return b""
            self._take(content)
        content = bytes(self._ready[:size])
        del self._ready[:size]
        return content

    @property
    def _next_bytes(self) -> int:
        if self._skip_bytes:
            return min(self._skip_bytes, _SKIP_BYTES)
        return self._collect_bytes - len(self._body) if self._collect_bytes else 1

    def _take(self, content: bytes) -> None:
        if self._skip_bytes:
            self._skip(len(content))
        elif self._collect_bytes:
            self._body += content
            if len(self._body) == self._collect_bytes:
                self._end_body()
        else:
            self._head += content
            if len(self._head) > 1 and not content[0] & 0x80:
                self._begin_body()
            elif len(self._head) > 1 + _MOST_LENGTH_BYTES:
                # The length is invalid: let the library end the connection.
                self._ready += self._head
                self._head.clear()

    def _skip(self, size: int) -> None:
        """Discard bytes, and insert PINGRESPs: the real ones wait behind the large packet."""
        self._skip_bytes -= size
        now = time.monotonic()
        if now - self._pingresp_at >= _PINGRESP_SECONDS:
            self._pingresp_at = now
            self._ready += _PINGRESP

    def _begin_body(self) -> None:
        """Decide how to read the packet, whose type and length are known."""
        self._size_bytes = sum((byte & 0x7F) << 7 * i for i, byte in enumerate(self._head[1:]))
        if self._head[0] >> 4 == _PUBACK and self._size_bytes >= _IDENTIFIER_BYTES:
            self._collect_bytes = min(self._size_bytes, _KEPT_BYTES)
        elif self._size_bytes > self._largest_bytes:
            self._collect_bytes = _KEPT_BYTES
        else:
            self._ready += self._head
            self._pass_bytes = self._size_bytes
            self._head.clear()

    def _end_body(self) -> None:
        """Pass on the collected body: a short PUBACK, or the beginning of a larger packet."""
        self._skip_bytes = self._size_bytes - len(self._body)
        if self._head[0] >> 4 == _PUBACK:
            (number,) = struct.unpack("!H", self._body[:2])
            self.reason_codes[number] = int.from_bytes(self._body[2:3])
            self._ready += bytes([self._head[0], 2]) + self._body[:2]
        else:
            self._ready += bytes([self._head[0]]) + encoded_length(len(self._body)) + self._body
            if self._head[0] >> 4 == _PUBLISH:
                self._on_oversized(_oversized(self._head[0], self._body))
        self._head.clear()
        self._body.clear()
        self._collect_bytes = 0


def encoded_length(size: int) -> bytes:
    """Return `size` as a variable byte integer of MQTT."""
    digits = bytearray()
    while True:
        size, digit = divmod(size, 128)
        digits.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(digits)


def _oversized(head: int, body: bytes | bytearray) -> Oversized:
    (length,) = struct.unpack("!H", body[:2])
    topic = body[2 : 2 + length].decode("utf-8", "replace")
    return Oversized(topic, bool(head & 1))
