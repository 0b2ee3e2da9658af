"""Check and repair the write-ahead log before SQLite reads it.

SQLite reads the log up to its first damaged frame and silently ignores the rest. This module
detects that and removes only the damaged frames. If the newest write has a damaged frame, the
whole write is removed: a power failure may have cut it short, and a part must not be applied.

Two kinds of damage cannot be detected. A log that is missing or was cut looks like a shorter one. A
last write with a damaged end mark looks like a write that never ended.
"""

import struct
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682
_VERSION = 3_007_000
_SUMMED_HEADER_BYTES = 24
_SUMMED_FRAME_BYTES = 8
_SMALLEST_PAGE, _LARGEST_PAGE = 512, 65_536
_MASK = 0xFFFFFFFF

_Sum = tuple[int, int]


class RepairedLog(NamedTuple):
    """A log that SQLite reads to its end."""

    content: bytes
    """The log's bytes."""
    frames: int
    """Number of frames in the original log."""
    damaged: int
    """Number of those frames that were removed."""


class _Header(NamedTuple):
    page_bytes: int
    is_big_endian: bool
    sequence: int
    salts: tuple[int, int]
    first_sum: _Sum
    """The header's checksum, from which the first frame's is computed."""
    is_sound: bool
    """False if the header is damaged and the values are defaults."""


class _Frame(NamedTuple):
    page: int
    committed_pages: int
    """The end mark: size of the database in pages after a write; 0 if the write continues."""
    salts: tuple[int, int]
    checksum: _Sum
    summed: bytes
    """The bytes that the checksum covers."""


def repair_log(content: bytes, page_bytes: int) -> RepairedLog | None:
    """Return the log without its damaged frames, or None if all committed frames are undamaged.

    Either all frames of the newest write are kept, or none.

    `page_bytes` is the database's page size, for a log whose header is damaged.
    """
    if len(content) < _HEADER.size + _FRAME.size:
        return None
    header = _header(content, page_bytes)
    everything = list(_frames(content, header))
    if not everything:
        return None
    if not header.is_sound:
        header = header._replace(salts=_salts_of(everything))
    # After the newest write there may be frames of an older log, or a write that never ended.
    last = max((i for i, f in enumerate(everything) if _ends_write(f, header)), default=-1)
    frames = everything[: last + 1]
    if header.is_sound and _is_intact(frames, header):
        return None
    frames = list(_with_repaired_end_marks(frames, header))
    sound = _soundness(frames, header)
    begin = _newest_write(frames, sound, header)
    if not all(sound[begin:]):
        sound[begin:] = []
    kept = [frame for frame, is_sound in zip(frames, sound, strict=False) if is_sound]
    count = len(frames) or len(everything)
    return RepairedLog(_rebuild(kept, header), count, count - len(kept))


def _header(content: bytes, page_bytes: int) -> _Header:
    """Parse the header; return defaults and `is_sound` False if it is damaged."""
    magic, version, size, sequence, *salts, first, second = _HEADER.unpack_from(content)
    is_big_endian = bool(magic & 1)
    is_sound = (
        magic & ~1 == _MAGIC
        and version == _VERSION
        and size.bit_count() == 1
        and _SMALLEST_PAGE <= size <= _LARGEST_PAGE
        and _checksum((0, 0), content[:_SUMMED_HEADER_BYTES], is_big_endian) == (first, second)
    )
    if not is_sound:
        size, is_big_endian = page_bytes, sys.byteorder == "big"
    return _Header(size, is_big_endian, sequence, (salts[0], salts[1]), (first, second), is_sound)


def _salts_of(frames: Sequence[_Frame]) -> tuple[int, int]:
    """Return the salts that two adjacent frames agree on, because one frame may be damaged."""
    salts = [frame.salts for frame in frames]
    return next((one for one, other in pairwise(salts) if one == other), salts[0])


def _frames(content: bytes, header: _Header) -> Iterator[_Frame]:
    """Yield all complete frames."""
    size = _FRAME.size + header.page_bytes
    for at in range(_HEADER.size, len(content) - size + 1, size):
        page, committed, *salts, first, second = _FRAME.unpack_from(content, at)
        data = content[at + _FRAME.size : at + size]
        summed = content[at : at + _SUMMED_FRAME_BYTES] + data
        yield _Frame(page, committed, (salts[0], salts[1]), (first, second), summed)


def _ends_write(frame: _Frame, header: _Header) -> bool:
    # Both salts of an older log's frame differ. If only one differs, it is damaged.
    is_of_this_log = any(own == ours for own, ours in zip(frame.salts, header.salts, strict=True))
    return is_of_this_log and frame.committed_pages > 0


def _is_intact(frames: Sequence[_Frame], header: _Header) -> bool:
    """Return whether SQLite will read all frames; each checksum continues the previous one."""
    before = header.first_sum
    for frame in frames:
        if frame.salts != header.salts:
            return False
        if _checksum(before, frame.summed, header.is_big_endian) != frame.checksum:
            return False
        before = frame.checksum
    return True


def _with_repaired_end_marks(frames: Sequence[_Frame], header: _Header) -> Iterator[_Frame]:
    """Yield the frames, with damaged end marks replaced by the ones that match the checksums."""
    before, end_mark = header.first_sum, 0
    for frame in frames:
        repaired = frame
        if _checksum(before, frame.summed, header.is_big_endian) != frame.checksum:
            for mark in (0, end_mark, frames[-1].committed_pages):
                summed = struct.pack(">2I", frame.page, mark) + frame.summed[_SUMMED_FRAME_BYTES:]
                if _checksum(before, summed, header.is_big_endian) == frame.checksum:
                    repaired = frame._replace(committed_pages=mark, summed=summed)
        yield repaired
        before, end_mark = frame.checksum, repaired.committed_pages or end_mark


def _newest_write(frames: Sequence[_Frame], sound: Sequence[bool], header: _Header) -> int:
    """Return the index of the newest write's first frame.

    A write contains each page once. If a page is repeated, a damaged frame between ended a write.
    """
    last = len(frames) - 1
    first_damaged = len(frames)
    pages = set[int]()
    for number in range(last, -1, -1):
        frame = frames[number]
        if number < last and _ends_write(frame, header):
            return number + 1
        if not sound[number]:
            first_damaged = number
        elif frame.page in pages and first_damaged < last:
            return first_damaged + 1
        else:
            pages.add(frame.page)
    return 0


def _soundness(frames: Sequence[_Frame], header: _Header) -> list[bool]:
    """Return for each frame whether it is undamaged, regardless of the frames before it."""
    sound: list[bool] = []
    stored = computed = header.first_sum
    for number, frame in enumerate(frames):
        sums = {
            before: _checksum(before, frame.summed, header.is_big_endian)
            for before in (stored, computed)
        }
        if number and frame.checksum == sums[computed]:
            # The previous frame's content is right; only its stored checksum may be damaged.
            sound[-1] = True
        # With a damaged header the first frame cannot be checked, but its rows have checksums too.
        unknown = number == 0 and not header.is_sound
        sound.append(unknown or frame.checksum in sums.values())
        stored, computed = frame.checksum, sums[stored]
    return [
        is_sound and frame.salts == header.salts
        for frame, is_sound in zip(frames, sound, strict=True)
    ]


def _rebuild(frames: Sequence[_Frame], header: _Header) -> bytes:
    """Return a log of these frames, the last of which ends a write."""
    if not frames:
        return b""
    pages = max(max(frame.page, frame.committed_pages) for frame in frames)
    head = _HEADER.pack(
        _MAGIC | header.is_big_endian,
        *(_VERSION, header.page_bytes, header.sequence, *header.salts, 0, 0),
    )[:_SUMMED_HEADER_BYTES]
    running = _checksum((0, 0), head, header.is_big_endian)
    parts = [head, struct.pack(">2I", *running)]
    for number, frame in enumerate(frames, 1):
        committed = frame.committed_pages or (pages if number == len(frames) else 0)
        summed = struct.pack(">2I", frame.page, committed) + frame.summed[_SUMMED_FRAME_BYTES:]
        running = _checksum(running, summed, header.is_big_endian)
        parts += [
            _FRAME.pack(frame.page, committed, *header.salts, *running),
            summed[_SUMMED_FRAME_BYTES:],
        ]
    return b"".join(parts)


def _checksum(before: _Sum, summed: bytes, is_big_endian: bool) -> _Sum:  # noqa: FBT001
    """Compute SQLite's checksum as two dot products.

    SQLite's definition: for each pair of words, s0 += x + s1 and s1 += y + s0.
    """
    words = np.frombuffer(summed, ">u4" if is_big_endian else "<u4").astype(np.uint32)
    of_first, of_second, start = _factors(len(words) // 2)
    first = int((of_first * words).sum(dtype=np.uint32)) + start[0] * before[0]
    second = int((of_second * words).sum(dtype=np.uint32)) + start[1] * before[0]
    return (first + start[1] * before[1]) & _MASK, (second + start[2] * before[1]) & _MASK


@cache
def _factors(pairs: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32], tuple[int, int, int]]:
    """Return the factors of each word and of the previous checksum, for `pairs` pairs of words."""
    of_first, of_second = np.empty(2 * pairs, np.uint32), np.empty(2 * pairs, np.uint32)
    # Powers of the matrix [[1, 1], [1, 2]], which are symmetric: [[a, b], [b, c]].
    a, b, c = 1, 0, 1
    for pair in range(pairs - 1, -1, -1):
        of_first[2 * pair : 2 * pair + 2] = (a + b) & _MASK, b
        of_second[2 * pair : 2 * pair + 2] = (b + c) & _MASK, c
        a, b, c = (a + b) & _MASK, (b + c) & _MASK, (b + 2 * c) & _MASK
    return of_first, of_second, (a, b, c)
