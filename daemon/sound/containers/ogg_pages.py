"""Find the pages of an Ogg file (RFC 3533) and check their checksums."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from daemon.sound.containers.input import BUFFER_BYTES, ForwardBytes, SoundInput

HEADER_BYTES = 27
IS_CONTINUED, IS_FIRST, IS_LAST = 1, 2, 4
"""Bits of a page's flags."""
NO_GRANULE = 2**64 - 1
"""Granule position of a page in which no packet ends."""
FLAGS_OFFSET, GRANULE_OFFSET, CHECKSUM_OFFSET = 5, 6, 22
# A packet continues in the next segment after a segment of this length.
WHOLE_SEGMENT = 255
MARKER = b"OggS"
"""The first bytes of each page."""
_ALL_ONES = 2**32 - 1
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_CODEC_BYTES = 8


class Page(NamedTuple):
    """One page of an Ogg file."""

    start: int
    """Offset of its first byte in the file."""
    end: int
    """Offset after its last byte."""
    flags: int
    """A combination of IS_CONTINUED, IS_FIRST and IS_LAST."""
    granule: int
    """Number of samples up to the end of its last complete packet, or NO_GRANULE."""
    number: int
    """Sequence number in its stream."""
    packets: int
    """Number of packets that end in it."""
    is_open: bool
    """True if its last packet continues in the next page."""
    is_whole: bool
    """True if its checksum is correct."""
    body: bytes
    """First 8 bytes of its body; in a stream's first page they identify the codec."""


def pages(file: SoundInput) -> Iterator[Page]:
    """Yield all complete pages; skip other bytes between them."""
    content = ForwardBytes(file, file.end)
    position = 0
    while (start := _next_marker(content, position, file.end)) is not None:
        header = content.at(start, HEADER_BYTES)
        segments = content.at(start + HEADER_BYTES, header[26] if len(header) > 26 else 0)  # noqa: PLR2004
        body = start + HEADER_BYTES + len(segments)
        position = body + sum(segments)
        if position > file.end or len(header) < HEADER_BYTES:
            return
        granule, _, number = struct.unpack_from("<QII", header, 6)
        packets = sum(size < WHOLE_SEGMENT for size in segments)
        is_open = segments[-1:] == bytes([WHOLE_SEGMENT])
        codec = content.at(body, _CODEC_BYTES)
        page = content.at(start, position - start)
        is_whole = checksum(page) == page[CHECKSUM_OFFSET : CHECKSUM_OFFSET + 4]
        yield Page(start, position, header[5], granule, number, packets, is_open, is_whole, codec)


def checksum(page: bytes) -> bytes:
    """Compute a page's checksum: CRC-32 with the bits of all input and output bytes reversed."""
    content = page[:CHECKSUM_OFFSET] + bytes(4) + page[CHECKSUM_OFFSET + 4 :]
    value = ~zlib.crc32(content.translate(_REVERSED), _ALL_ONES) & _ALL_ONES
    return value.to_bytes(4, "big").translate(_REVERSED)


def _next_marker(content: ForwardBytes, position: int, end: int) -> int | None:
    if content.at(position, len(MARKER)) == MARKER:
        return position
    while position < end:
        piece = content.at(position, min(BUFFER_BYTES // 2, end - position))
        if (found := piece.find(MARKER)) >= 0:
            return position + found
        position += max(1, len(piece) - len(MARKER) + 1)
    return None
