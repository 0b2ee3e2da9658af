"""Packets are cut and filtered before the MQTT library reads them, over a real socket pair."""

import socket
import struct
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mqtt.wire.packets import Oversized, Packets, encoded_length
from tests.daemon.scripted_broker import PUBACK, PUBLISH, packet, publication

LARGEST = 2000
TOPIC = "timbrel/node/mute/set"


class FilteredPair:
    """Sends bytes through a socket pair and reads them through `Packets`."""

    def __init__(self) -> None:
        self.sender, receiver = socket.socketpair()
        self.sender.setblocking(False)
        receiver.setblocking(False)
        self.oversized: list[Oversized] = []
        self.packets = Packets(receiver, LARGEST, self.oversized.append)

    def read(self, size: int = 1 << 20) -> bytes:
        """Read everything that is available now, in reads of at most `size` bytes."""
        content = bytearray()
        while True:
            try:
                piece = self.packets.recv(size)
            except BlockingIOError:
                return bytes(content)
            if not piece:
                return bytes(content)
            content += piece

    def send(self, content: bytes, pieces: Sequence[int] = ()) -> bytes:
        """Send in pieces of these sizes, then the rest; return everything read but PINGRESPs."""
        read = bytearray()
        for size in pieces:
            self.sender.sendall(content[:size])
            content = content[size:]
            read += self.read(1 + size % 7)
        while content:
            sent = self.sender.send(content[:65_536])
            content = content[sent:]
            read += self.read()
        return bytes(read + self.read()).replace(b"\xd0\x00", b"")

    def close(self) -> None:
        self.sender.close()
        self.packets.close()


@pytest.fixture
def reader() -> Iterator[FilteredPair]:
    reader = FilteredPair()
    yield reader
    reader.close()


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, LARGEST - 100])
def test_small_packets_pass_unchanged(size: int, reader: FilteredPair) -> None:
    content = publication(TOPIC, b"x" * size, retain=True)
    assert reader.send(content * 3) == content * 3
    assert reader.oversized == []


@pytest.mark.parametrize("size", [LARGEST, 100_000, 3_000_000])
@pytest.mark.parametrize("retain", [False, True])
def test_cuts_and_reports_large_message_and_passes_the_next(
    size: int,
    retain: bool,  # noqa: FBT001
    reader: FilteredPair,
) -> None:
    large, small = publication(TOPIC, b"x" * size, retain=retain), publication(TOPIC, b"ON")
    read = reader.send(large + small)
    assert read.endswith(small)
    cut = publication(TOPIC, b"x" * (1024 - 2 - len(TOPIC)), retain=retain)
    assert read == cut + small
    assert reader.oversized == [Oversized(TOPIC, retain)]


def test_memory_is_bounded_for_any_stated_length(reader: FilteredPair) -> None:
    name = TOPIC.encode()
    head = bytes([PUBLISH << 4]) + encoded_length(268_435_455) + struct.pack("!H", len(name)) + name
    reader.send(head + b"x" * 1_000_000)
    assert reader.packets.pending() == 0
    assert len(reader.packets._body) + len(reader.packets._ready) <= 1024


def test_inserts_pingresps_while_discarding_large_message(
    reader: FilteredPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.mqtt.wire.packets._PINGRESP_SECONDS", 0.0)
    large = publication(TOPIC, b"x" * 100_000)
    reader.sender.send(large)
    assert b"\xd0\x00" * 2 in reader.read()


@pytest.mark.parametrize("code", [0, 0x10, 0x80, 0x87, 0x95, 0xFF])
def test_keeps_and_hides_reason_codes_of_pubacks(code: int, reader: FilteredPair) -> None:
    properties = b"\x05\x1f\x00\x02no"
    read = reader.send(
        packet(PUBACK, b"\x01\x02") + packet(PUBACK, b"\x00\x07" + bytes([code]) + properties)
    )
    assert read == packet(PUBACK, b"\x01\x02") + packet(PUBACK, b"\x00\x07")
    assert reader.packets.reason_codes == {0x0102: 0, 7: code}


@pytest.mark.parametrize("size", [100, 1020, 1021, 1022, 1100, LARGEST, 65_532, 65_535])
def test_keeps_reason_code_of_puback_of_any_length(size: int, reader: FilteredPair) -> None:
    reason = b"\x1f" + struct.pack("!H", size) + b"r" * size
    answer = packet(PUBACK, b"\x00\x07\x97" + encoded_length(len(reason)) + reason)
    small = publication(TOPIC, b"ON")
    read = reader.send(answer + small + answer + packet(PUBACK, b"\x01\x02"))
    seven = packet(PUBACK, b"\x00\x07")
    assert read == seven + small + seven + packet(PUBACK, b"\x01\x02")
    assert reader.packets.reason_codes == {7: 0x97, 0x0102: 0}
    assert reader.oversized == []


def test_passes_on_invalid_length(reader: FilteredPair) -> None:
    assert reader.send(b"\x30\xff\xff\xff\xff\xff") == b"\x30\xff\xff\xff\xff\xff"


def test_passes_on_end_of_connection(reader: FilteredPair) -> None:
    reader.sender.sendall(publication(TOPIC, b"x" * 5000)[:3000])
    reader.read()
    reader.sender.close()
    assert reader.packets.recv(1) == b""


SIZES = st.sampled_from([0, 1, 50, 127, 128, 1000, LARGEST + 1, 20_000])


@given(
    sizes=st.lists(st.tuples(SIZES, st.booleans()), max_size=8),
    pieces=st.lists(st.integers(1, 3000), max_size=30),
)
def test_reads_any_packets_in_any_pieces(sizes: list[tuple[int, bool]], pieces: list[int]) -> None:
    reader = FilteredPair()
    content, expected = bytearray(), bytearray()
    for size, is_ack in sizes:
        if is_ack:
            content += packet(PUBACK, b"\x00\x01\x80" + b"\x00" * size)
            expected += packet(PUBACK, b"\x00\x01")
        else:
            content += publication(TOPIC, b"x" * size)
            kept = size if size + 2 + len(TOPIC) <= LARGEST else 1024 - 2 - len(TOPIC)
            expected += publication(TOPIC, b"x" * kept)
    assert reader.send(bytes(content), pieces) == bytes(expected)
    reader.close()
