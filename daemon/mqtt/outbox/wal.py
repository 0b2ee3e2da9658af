"""The outbox's write-ahead log, checked before SQLite reads it.

SQLite reads the log up to its first damaged frame and drops the rest without a word. Here that is
noticed, and only the damaged frames are left out. Where the newest write has one, all of that write
is left out: a power failure may have cut it short, and a part of it must not be applied. What
cannot be noticed: a log that is gone or was cut is like a shorter one, and a last write whose end
mark is damaged is like one that never ended.
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


class Repaired(NamedTuple):
    """A log that SQLite reads to its end; `damaged` of the `frames` that it had are left out."""

    content: bytes
    frames: int
    damaged: int


class _Form(NamedTuple):
    """What the frames of a log have in common; the first frame's checksum builds on `first_sum`."""

    page_bytes: int
    is_big_endian: bool
    sequence: int
    salts: tuple[int, int]
    first_sum: _Sum
    is_sound: bool


class _Frame(NamedTuple):
    page: int
    committed_pages: int
    salts: tuple[int, int]
    checksum: _Sum
    summed: bytes


def repaired(content: bytes, page_bytes: int) -> Repaired | None:
    """The log without its damaged frames; None where all that was committed is sound.

    Of the newest write either all frames are kept or none.

    `page_bytes` is the database's page size, for a log whose header is damaged.
    """
    if len(content) < _HEADER.size + _FRAME.size:
        return None
    form = _form(content, page_bytes)
    everything = list(_frames(content, form))
    if not everything:
        return None
    if not form.is_sound:
        form = form._replace(salts=_salts_of(everything))
    # Behind the newest write there may be frames of an older log, or a write that never ended.
    last = max((i for i, f in enumerate(everything) if _ends_write(f, form)), default=-1)
    frames = everything[: last + 1]
    if form.is_sound and _is_intact(frames, form):
        return None
    frames = list(_with_right_marks(frames, form))
    sound = _soundness(frames, form)
    begin = _newest_write(frames, sound, form)
    if not all(sound[begin:]):
        sound[begin:] = []
    kept = [frame for frame, is_sound in zip(frames, sound, strict=False) if is_sound]
    count = len(frames) or len(everything)
    return Repaired(_rebuilt(kept, form), count, count - len(kept))


def _form(content: bytes, page_bytes: int) -> _Form:
    """The header's values; where it is damaged, defaults and `is_sound` False."""
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
    return _Form(size, is_big_endian, sequence, (salts[0], salts[1]), (first, second), is_sound)


def _salts_of(frames: Sequence[_Frame]) -> tuple[int, int]:
    """The salts of the first frames; one of those may be damaged."""
    salts = [frame.salts for frame in frames]
    return next((one for one, other in pairwise(salts) if one == other), salts[0])


def _frames(content: bytes, form: _Form) -> Iterator[_Frame]:
    """All frames that are there in full."""
    size = _FRAME.size + form.page_bytes
    for at in range(_HEADER.size, len(content) - size + 1, size):
        page, committed, *salts, first, second = _FRAME.unpack_from(content, at)
        data = content[at + _FRAME.size : at + size]
        summed = content[at : at + _SUMMED_FRAME_BYTES] + data
        yield _Frame(page, committed, (salts[0], salts[1]), (first, second), summed)


def _ends_write(frame: _Frame, form: _Form) -> bool:
    # A frame of an older log has two other salts; where one is ours, the other is damaged.
    is_ours = any(mine == ours for mine, ours in zip(frame.salts, form.salts, strict=True))
    return is_ours and frame.committed_pages > 0


def _is_intact(frames: Sequence[_Frame], form: _Form) -> bool:
    """Whether SQLite will read all these frames; a checksum builds on that of the frame before."""
    before = form.first_sum
    for frame in frames:
        if frame.salts != form.salts:
            return False
        if _checksum(before, frame.summed, form.is_big_endian) != frame.checksum:
            return False
        before = frame.checksum
    return True


def _with_right_marks(frames: Sequence[_Frame], form: _Form) -> Iterator[_Frame]:
    """The frames; a damaged end mark is replaced by the one that agrees with the checksum."""
    before, end_mark = form.first_sum, 0
    for frame in frames:
        right = frame
        if _checksum(before, frame.summed, form.is_big_endian) != frame.checksum:
            for mark in (0, end_mark, frames[-1].committed_pages):
                summed = struct.pack(">2I", frame.page, mark) + frame.summed[_SUMMED_FRAME_BYTES:]
                if _checksum(before, summed, form.is_big_endian) == frame.checksum:
                    right = frame._replace(committed_pages=mark, summed=summed)
        yield right
        before, end_mark = frame.checksum, right.committed_pages or end_mark


def _newest_write(frames: Sequence[_Frame], sound: Sequence[bool], form: _Form) -> int:
    """The number of the newest write's first frame.

    A write has each page once: where one comes again, the damaged frame between ended a write.
    """
    last = len(frames) - 1
    first_damaged = len(frames)
    pages = set[int]()
    for number in range(last, -1, -1):
        frame = frames[number]
        if number < last and _ends_write(frame, form):
            return number + 1
        if not sound[number]:
            first_damaged = number
        elif frame.page in pages and first_damaged < last:
            return first_damaged + 1
        else:
            pages.add(frame.page)
    return 0


def _soundness(frames: Sequence[_Frame], form: _Form) -> list[bool]:
    """Whether each frame is as it was written, regardless of the frames before it."""
    sound: list[bool] = []
    stored = computed = form.first_sum
    for number, frame in enumerate(frames):
        sums = {
            before: _checksum(before, frame.summed, form.is_big_endian)
            for before in (stored, computed)
        }
        if number and frame.checksum == sums[computed]:
            # If the frame before seemed damaged, only its stored checksum is.
            sound[-1] = True
        # With a damaged header the first frame cannot be checked; its rows have checksums too.
        unknown = number == 0 and not form.is_sound
        sound.append(unknown or frame.checksum in sums.values())
        stored, computed = frame.checksum, sums[stored]
    return [
        is_sound and frame.salts == form.salts
        for frame, is_sound in zip(frames, sound, strict=True)
    ]


def _rebuilt(frames: Sequence[_Frame], form: _Form) -> bytes:
    """A log of these frames; the last of them ends a write."""
    if not frames:
        return b""
    pages = max(max(frame.page, frame.committed_pages) for frame in frames)
    head = _HEADER.pack(
        _MAGIC | form.is_big_endian,
        *(_VERSION, form.page_bytes, form.sequence, *form.salts, 0, 0),
    )[:_SUMMED_HEADER_BYTES]
    running = _checksum((0, 0), head, form.is_big_endian)
    parts = [head, struct.pack(">2I", *running)]
    for number, frame in enumerate(frames, 1):
        committed = frame.committed_pages or (pages if number == len(frames) else 0)
        summed = struct.pack(">2I", frame.page, committed) + frame.summed[_SUMMED_FRAME_BYTES:]
        running = _checksum(running, summed, form.is_big_endian)
        parts += [
            _FRAME.pack(frame.page, committed, *form.salts, *running),
            summed[_SUMMED_FRAME_BYTES:],
        ]
    return b"".join(parts)


def _checksum(before: _Sum, summed: bytes, is_big_endian: bool) -> _Sum:  # noqa: FBT001
    """SQLite's checksum (for each pair of words s0 += x + s1, s1 += y + s0) as two dot products."""
    words = np.frombuffer(summed, ">u4" if is_big_endian else "<u4").astype(np.uint32)
    of_first, of_second, start = _factors(len(words) // 2)
    first = int((of_first * words).sum(dtype=np.uint32)) + start[0] * before[0]
    second = int((of_second * words).sum(dtype=np.uint32)) + start[1] * before[0]
    return (first + start[1] * before[1]) & _MASK, (second + start[2] * before[1]) & _MASK


@cache
def _factors(pairs: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32], tuple[int, int, int]]:
    """The factors of each word and of the previous checksum, for that many pairs of words."""
    of_first, of_second = np.empty(2 * pairs, np.uint32), np.empty(2 * pairs, np.uint32)
    # The powers of [[1, 1], [1, 2]], which are symmetric: a, b, b, c.
    a, b, c = 1, 0, 1
    for pair in range(pairs - 1, -1, -1):
        of_first[2 * pair : 2 * pair + 2] = (a + b) & _MASK, b
        of_second[2 * pair : 2 * pair + 2] = (b + c) & _MASK, c
        a, b, c = (a + b) & _MASK, (b + c) & _MASK, (b + 2 * c) & _MASK
    return of_first, of_second, (a, b, c)
