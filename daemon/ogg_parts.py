"""Ogg files: the streams chained in them, and what libsndfile cannot be shown (RFC 3533)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from daemon.sound_input import BUFFER_BYTES, ForwardBytes, SoundInput
from daemon.sound_part import TRUNCATED, DamagedError, Part, UnsuitableError

_HEADER_BYTES = 27
_MARKER = b"OggS"
_IS_FIRST, _IS_LAST = 2, 4
_NO_GRANULE = 2**64 - 1
_CHECKSUM_OFFSET = 22
_ALL_ONES = 2**32 - 1
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
# A packet goes on in the next segment after one of this length.
_WHOLE_SEGMENT = 255
_CODEC_BYTES = 8
_OPUS = b"OpusHead"
_CODECS = (b"\x01vorbis", _OPUS)
# Packets before the first one with sound, by whether the codec is Opus.
_HEADER_PACKETS = {False: 3, True: 2}


class _Page(NamedTuple):
    start: int
    end: int
    flags: int
    granule: int
    number: int
    packets: int
    """Packets that end in it."""
    is_whole: bool
    """Whether its checksum is right."""
    body: bytes
    """Its first bytes."""


@dataclass
class _Link:
    """One of the chained streams."""

    start: int
    end: int
    page: _Page
    codecs: list[bytes] = field(default_factory=list)
    packets: int = 0
    granule: int = 0
    is_damaged: bool = False
    has_wrong_time: bool = False
    """Whether the positions of its pages, which count samples, do not grow."""

    @property
    def is_opus(self) -> bool:
        """Whether its first stream is Opus."""
        return self.codecs[:1] == [_OPUS]


def ogg_parts(file: SoundInput) -> list[Part]:
    """One part a chained stream, or the file as it is where there is one.

    Raises UnsuitableError for content that libsndfile cannot read, or reads with sound missing.
    """
    links = list(_links(file))
    for link in links:
        if len(link.codecs) > 1:
            raise UnsuitableError("several streams at once")
        if not link.codecs or not link.codecs[0].startswith(_CODECS):
            raise UnsuitableError("a codec that libsndfile does not read")
        if link.is_damaged:
            raise DamagedError
        if link.has_wrong_time:
            raise UnsuitableError("wrong granule positions")
    if not links:
        raise UnsuitableError("no Ogg pages")
    is_cut = not links[-1].page.flags & _IS_LAST
    notices = [*[None] * (len(links) - 1), TRUNCATED if is_cut else None]
    if len(links) == 1:
        return [Part(notice=notices[0], trusts_count=True)]
    return [
        Part(pieces=[range(link.start, link.end)], notice=notice)
        for link, notice in zip(links, notices, strict=True)
    ]


def _links(file: SoundInput) -> Iterator[_Link]:
    link: _Link | None = None
    in_header = False
    for page in _pages(file):
        is_first = bool(page.flags & _IS_FIRST)
        if link is None or (is_first and not in_header):
            if link is not None:
                yield link
            link = _Link(page.start, page.start, page)
        elif not is_first:
            _follow(link, page)
        if is_first:
            link.codecs.append(page.body)
            link.packets += page.packets
        in_header = is_first
        link.end, link.page = page.end, page
    if link is not None:
        yield link


def _follow(link: _Link, page: _Page) -> None:
    """Note what is wrong between the link's newest page and the next one."""
    has_sound = link.packets >= _HEADER_PACKETS[link.is_opus]
    is_next = page.start == link.end and page.number == link.page.number + 1 and page.is_whole
    # A recording of a live stream begins with the header and goes on anywhere.
    if not is_next and link.granule:
        link.is_damaged = True
    link.packets += page.packets
    if page.granule == _NO_GRANULE or not has_sound:
        return
    # Only at the very end may a packet be cut to nothing.
    must_grow = link.is_opus and page.packets and not page.flags & _IS_LAST
    if page.granule < link.granule + bool(must_grow):
        link.has_wrong_time = True
    link.granule = max(link.granule, page.granule)


def _pages(file: SoundInput) -> Iterator[_Page]:
    content = ForwardBytes(file, file.end)
    position = 0
    while (start := _next_marker(content, position, file.end)) is not None:
        header = content.at(start, _HEADER_BYTES)
        segments = content.at(start + _HEADER_BYTES, header[26] if len(header) > 26 else 0)  # noqa: PLR2004
        body = start + _HEADER_BYTES + len(segments)
        position = body + sum(segments)
        if position > file.end or len(header) < _HEADER_BYTES:
            return
        granule, _, number = struct.unpack_from("<QII", header, 6)
        packets = sum(size < _WHOLE_SEGMENT for size in segments)
        codec = content.at(body, _CODEC_BYTES)
        is_whole = _has_right_checksum(content.at(start, position - start))
        yield _Page(start, position, header[5], granule, number, packets, is_whole, codec)


def _has_right_checksum(page: bytes) -> bool:
    """Whether a page's checksum is right: CRC-32 with the bits of bytes and result reversed."""
    content = page[:_CHECKSUM_OFFSET] + bytes(4) + page[_HEADER_BYTES - 1 :]
    checksum = ~zlib.crc32(content.translate(_REVERSED), _ALL_ONES) & _ALL_ONES
    expected = page[_CHECKSUM_OFFSET : _CHECKSUM_OFFSET + 4].translate(_REVERSED)
    return checksum == int.from_bytes(expected, "big")


def _next_marker(content: ForwardBytes, position: int, end: int) -> int | None:
    if content.at(position, len(_MARKER)) == _MARKER:
        return position
    while position < end:
        piece = content.at(position, min(BUFFER_BYTES // 2, end - position))
        if (found := piece.find(_MARKER)) >= 0:
            return position + found
        position += max(1, len(piece) - len(_MARKER) + 1)
    return None
