"""Find the chained streams of an Ogg file, and content that libsndfile cannot read (RFC 3533)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from daemon.sound.containers.byte_pieces import Piece
from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.ogg_pages import (
    CHECKSUM_OFFSET,
    FLAGS_OFFSET,
    IS_FIRST,
    IS_LAST,
    MARKER,
    NO_GRANULE,
    Page,
    checksum,
    pages,
)
from daemon.sound.containers.opus_positions import (
    MOST_PACKET_SAMPLES,
    correct_positions,
    page_samples,
)
from daemon.sound.containers.part import TRUNCATED, DamagedError, Part, UnsuitableError

_OPUS = b"OpusHead"
_CODECS = (b"\x01vorbis", _OPUS)
# Packets before the first one with sound, by whether the codec is Opus.
_HEADER_PACKETS = {False: 3, True: 2}


@dataclass
class _Link:
    """One of the chained streams."""

    start: int
    end: int
    page: Page
    codecs: list[bytes] = field(default_factory=list)
    packets: int = 0
    granule: int = 0
    is_damaged: bool = False
    has_wrong_time: bool = False
    """True if its pages' granule positions, which count samples, do not increase."""

    @property
    def is_opus(self) -> bool:
        """True if its first stream is Opus."""
        return self.codecs[:1] == [_OPUS]


def ogg_parts(file: SoundInput) -> list[Part]:
    """Return one part per chained stream, or the unchanged file if there is one stream.

    Raises UnsuitableError for content that libsndfile cannot read without losing sound.
    """
    links = list(_links(file))
    for link in links:
        if len(link.codecs) > 1:
            raise UnsuitableError("several parallel streams")
        if not link.codecs or not link.codecs[0].startswith(_CODECS):
            raise UnsuitableError("a codec that libsndfile does not read")
        if link.is_damaged:
            raise DamagedError
        if link.has_wrong_time and not link.is_opus:
            raise UnsuitableError("wrong granule positions")
    if not links:
        raise UnsuitableError("no Ogg pages")
    is_cut = _is_cut(file, links[-1].page)
    notices = [*[None] * (len(links) - 1), TRUNCATED if is_cut else None]
    is_unmarked = not is_cut and not links[-1].page.flags & IS_LAST and links[-1].is_opus
    if len(links) == 1 and not links[0].has_wrong_time:
        pieces = _mark_last_page(file, links[0]) if is_unmarked else None
        return [Part(pieces=pieces, notice=notices[0], trusts_count=True)]
    parts = [
        Part(
            pieces=correct_positions(file, link.start, link.end)
            if link.has_wrong_time
            else [range(link.start, link.end)],
            notice=notice,
        )
        for link, notice in zip(links, notices, strict=True)
    ]
    if is_unmarked and not links[-1].has_wrong_time:
        parts[-1] = replace(parts[-1], pieces=_mark_last_page(file, links[-1]))
    return parts


def _mark_last_page(file: SoundInput, link: _Link) -> list[Piece]:
    """Return `link` with its last page flagged; else libsndfile drops the end of Opus."""
    page = bytearray(file.read(link.page.start, link.page.end - link.page.start))
    page[FLAGS_OFFSET] |= IS_LAST
    page[CHECKSUM_OFFSET : CHECKSUM_OFFSET + 4] = checksum(bytes(page))
    return [range(link.start, link.page.start), bytes(page)]


def _is_cut(file: SoundInput, last: Page) -> bool:
    """Return whether the file ends inside a page or packet; not all programs flag the last page."""
    rest = file.read(last.end, len(MARKER))
    is_in_page = bool(rest) and MARKER.startswith(rest)
    return is_in_page or (last.is_open and not last.flags & IS_LAST)


def _links(file: SoundInput) -> Iterator[_Link]:
    link: _Link | None = None
    in_header = False
    for page in pages(file):
        is_first = bool(page.flags & IS_FIRST)
        if link is None or (is_first and not in_header):
            if link is not None:
                yield link
            link = _Link(page.start, page.start, page)
        elif not is_first:
            _add_page(file, link, page)
        if is_first:
            link.codecs.append(page.body)
            link.packets += page.packets
        in_header = is_first
        link.end, link.page = page.end, page
    if link is not None:
        yield link


def _add_page(file: SoundInput, link: _Link, page: Page) -> None:
    """Count the next page of `link`, and record damage or a wrong granule position."""
    has_sound = link.packets >= _HEADER_PACKETS[link.is_opus]
    is_next = page.start == link.end and page.number == link.page.number + 1
    # A recording of a live stream jumps from the header to any later page.
    if not page.is_whole or (not is_next and link.granule):
        link.is_damaged = True
    link.packets += page.packets
    if page.granule == NO_GRANULE or not has_sound:
        return
    least = link.granule
    if link.is_opus and page.flags & IS_LAST:
        # An encoder may trim the last packet, but no other.
        least += page_samples(file.read(page.start, page.end - page.start)) - MOST_PACKET_SAMPLES
    elif link.is_opus:
        least += bool(page.packets)
    link.has_wrong_time = link.has_wrong_time or page.granule < least
    link.granule = max(link.granule, page.granule)
