"""A small MQTT broker on a real socket whose answers are scripted by a test.

It can answer in ways that no installed broker does. It implements only the parts of MQTT 3.1.1 and
5 that a publisher needs.
"""

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14
V5 = 5


class Packet(NamedTuple):
    """A received packet."""

    kind: int
    """The packet type."""
    flags: int
    """The lower four bits of the first byte."""
    body: bytes
    """Everything after the length."""


class Published(NamedTuple):
    """A received PUBLISH, accepted or refused."""

    topic: str
    """Its topic."""
    payload: bytes
    """Its payload."""
    qos: int
    """Its QoS, 0 or 1."""
    retain: bool
    """Its retain flag."""
    mid: int
    """The packet identifier; 0 with QoS 0."""
    at: float
    """When it arrived: time.monotonic()."""


def packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    """Return an encoded packet."""
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (128 if size else 0)])
        if not size:
            return bytes([kind << 4 | flags]) + length + body


def publication(topic: str, payload: bytes, *, version: int = 4, retain: bool = False) -> bytes:
    """Return an encoded PUBLISH with QoS 0."""
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name + (b"\x00" if version == V5 else b"") + payload
    return packet(PUBLISH, body, int(retain))


Answer = Callable[["Published"], int | None]


class _Stream:
    """Reads a given number of bytes from a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._kept = b""

    def take(self, size: int) -> bytes:
        """Return exactly `size` bytes; raises EOFError if the connection ends before."""
        while len(self._kept) < size:
            content = self._connection.recv(65_536)
            if not content:
                raise EOFError
            self._kept += content
        taken, self._kept = self._kept[:size], self._kept[size:]
        return taken

    def more(self) -> bool:
        """Return whether more bytes follow at once."""
        return bool(self._kept) or bool(select.select([self._connection], [], [], 0.01)[0])


class ScriptedBroker:
    """A context manager that runs the broker on `port`.

    `answer` returns the reason code of each PUBLISH with QoS 1, or None for no PUBACK.
    `silence_seconds` pass before every CONNACK; that of MQTT 5 contains the `properties`. A packet
    larger than `largest` bytes ends the connection without a DISCONNECT, as does a subscription to
    `closes_at`. Every SUBACK has the reason code `subscription`. Every PUBACK of MQTT 5 ends with
    the bytes `explanation`. `answers_singly`: each PUBACK is sent at once instead of together with
    those of later messages. `silent_to_v5`: a CONNECT of MQTT 5 is never answered.
    """

    def __init__(
        self,
        answer: Answer = lambda _: 0,
        *,
        properties: bytes = b"",
        silence_seconds: float = 0.0,
        largest: int | None = None,
        silent_to_v5: bool = False,
        subscription: int = 1,
        explanation: bytes = b"",
        answers_singly: bool = False,
        closes_at: str | None = None,
        server: socket.socket | None = None,
    ) -> None:
        self.subscribed: list[list[str]] = []
        self._closes_at = closes_at
        self.published: list[Published] = []
        self.versions: list[int] = []
        self.most_in_flight = 0
        self.largest = largest
        self.properties = properties
        self.answers_pings = True
        self._answer = answer
        self._silence_seconds = silence_seconds
        self._silent_to_v5 = silent_to_v5
        self.subscription = subscription
        self._explanation = explanation
        self._answers_singly = answers_singly
        self._server = server or socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.port: int = self._server.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        # Closing alone does not wake a thread that waits in accept().
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.close_connections()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def close_connections(self) -> None:
        """Close every connection without a DISCONNECT."""
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def send(self, content: bytes) -> None:
        """Send raw bytes on the newest connection."""
        self._connections[-1].sendall(content)

    def of(self, topic: str) -> list[bytes]:
        """Return the payloads received on a topic, including refused ones."""
        return [message.payload for message in list(self.published) if message.topic == topic]

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._handle_packets(connection)
        except (OSError, EOFError):
            pass
        finally:
            connection.close()

    def _handle_packets(self, connection: socket.socket) -> None:
        stream = _Stream(connection)
        version, waiting = 4, list[Published]()
        while True:
            kind, flags, body = self._read(stream)
            if kind == CONNECT:
                if body[2:6] != b"MQTT":
                    return
                version = body[6]
                self._send_connack(connection, version)
            elif kind == DISCONNECT:
                return
            elif kind == PUBLISH:
                message = _published(flags, body, version)
                self._keep(message, waiting)
                self._deliver(connection, message, version)
                # Messages that arrive together count as in flight together.
                if self._answers_singly or not stream.more():
                    connection.sendall(self._acknowledgements(waiting, version))
                    waiting.clear()
            elif kind == SUBSCRIBE:
                topics = _topics(body, version)
                if self._closes_at in topics:
                    return
                self.subscribed.append(topics)
                connection.sendall(_suback(body, version, self.subscription, len(topics)))
                self._send_retained(connection, topics, version)
            elif kind == PINGREQ and self.answers_pings:
                connection.sendall(packet(PINGRESP, b""))

    def _send_connack(self, connection: socket.socket, version: int) -> None:
        self.versions.append(version)
        self._closing.wait(self._silence_seconds)
        if version == V5 and self._silent_to_v5:
            self._closing.wait()
        extra = bytes([len(self.properties)]) + self.properties if version == V5 else b""
        connection.sendall(packet(CONNACK, b"\x00\x00" + extra))

    def _send_retained(
        self, connection: socket.socket, topics: Sequence[str], version: int
    ) -> None:
        """Send retained messages to a new subscriber; this broker has none."""

    def _deliver(self, connection: socket.socket, message: Published, version: int) -> None:
        """Send a message to its subscribers; this broker has none."""

    def _keep(self, message: Published, waiting: list[Published]) -> None:
        self.published.append(message)
        if message.qos:
            waiting.append(message)
            self.most_in_flight = max(self.most_in_flight, len(waiting))

    def _read(self, stream: _Stream) -> Packet:
        (head,) = stream.take(1)
        size = shift = 0
        while True:
            (digit,) = stream.take(1)
            size |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                break
        if self.largest is not None and size > self.largest:
            raise EOFError
        return Packet(head >> 4, head & 15, stream.take(size))

    def _acknowledgements(self, messages: Sequence[Published], version: int) -> bytes:
        codes = [(message.mid, self._answer(message)) for message in messages]
        return b"".join(
            packet(PUBACK, struct.pack("!H", mid) + self._reason(code, version))
            for mid, code in codes
            if code is not None
        )

    def _reason(self, code: int, version: int) -> bytes:
        return bytes([code]) + self._explanation if version == V5 else b""


def _published(flags: int, body: bytes, version: int) -> Published:
    (size,) = struct.unpack("!H", body[:2])
    topic, rest = body[2 : 2 + size], body[2 + size :]
    qos, mid = flags >> 1 & 3, 0
    if qos:
        (mid,) = struct.unpack("!H", rest[:2])
        rest = rest[2:]
    if version == V5:
        assert rest[0] == 0, "properties are not expected"
        rest = rest[1:]
    return Published(topic.decode(), rest, qos, bool(flags & 1), mid, time.monotonic())


def _topics(body: bytes, version: int) -> list[str]:
    at, topics = 3 if version == V5 else 2, list[str]()
    while at < len(body):
        (size,) = struct.unpack("!H", body[at : at + 2])
        topics.append(body[at + 2 : at + 2 + size].decode())
        at += 2 + size + 1
    return topics


def _suback(body: bytes, version: int, code: int, topics: int) -> bytes:
    extra = b"\x00" if version == V5 else b""
    return packet(SUBACK, body[:2] + extra + bytes([code]) * topics)


class KeepingBroker(ScriptedBroker):
    """Keeps retained messages and sends them for exact topics only, as some brokers do.

    `lets_write` and `lets_read` return whether its one user may write and read a topic. Messages
    on other topics are acknowledged but ignored.
    """

    def __init__(
        self,
        retained: dict[str, bytes],
        *,
        lets_write: Callable[[str], bool] = lambda _: True,
        lets_read: Callable[[str], bool] = lambda _: True,
    ) -> None:
        super().__init__()
        self.retained = retained
        self._lets_write = lets_write
        self._lets_read = lets_read
        self._subscribed = set[str]()

    def _send_retained(
        self, connection: socket.socket, topics: Sequence[str], version: int
    ) -> None:
        self._subscribed |= set(topics)
        for topic in topics:
            if topic in self.retained and self._lets_read(topic):
                payload = self.retained[topic]
                connection.sendall(publication(topic, payload, version=version, retain=True))

    def _deliver(self, connection: socket.socket, message: Published, version: int) -> None:
        topic, payload = message.topic, message.payload
        if not self._lets_write(topic):
            return
        if message.retain and not payload:
            self.retained.pop(topic, None)
        if topic in self._subscribed and self._lets_read(topic):
            connection.sendall(publication(topic, payload, version=version))
