"""Find the frames of MPEG audio, layers I to III (MP3), and their lengths."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from daemon.sound.containers.input import BUFFER_BYTES, ForwardBytes, SoundInput

HEAD_BYTES = 64
"""Number of bytes kept of each frame, enough for the header of a stream."""
# Initial step of a search: junk is mostly short, and copying more each time would be slow.
_SEARCHED_BYTES = 1 << 12
# Sync bits, a valid version and layer, and a valid bit rate.
_SYNC = re.compile(rb"\xff[\xe2-\xe7\xf2-\xff][\x10-\xef]")
_MONO = 3
_MPEG_1 = 3
# Shorter runs of frames occur by chance.
_LEAST_RUN, _LEAST_SURE_RUN = 3, 5
# Bit rates in kbit/s by (is version 1, layer), for the indices from 1.
_BIT_RATES = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = (44_100, 48_000, 32_000)


class FrameFormat(NamedTuple):
    """The properties common to all frames of a stream."""

    version: int
    """MPEG version as coded in a frame: 3 is version 1, 2 version 2, 0 version 2.5."""
    layer: int
    """1 to 3."""
    rate_hz: int
    """Sample rate."""
    is_mono: bool
    """True for one channel, False for two."""

    @property
    def samples(self) -> int:
        """Samples per channel in a frame."""
        if self.layer == 1:
            return 384
        return 576 if self.layer == 3 and self.version != _MPEG_1 else 1_152  # noqa: PLR2004


class Frame(NamedTuple):
    """One frame of a file."""

    start: int
    """Offset in the file."""
    size: int
    """Length in bytes."""
    form: FrameFormat
    """Its format."""
    head: bytes
    """Its first bytes, up to HEAD_BYTES; they may extend into the next frame."""


def frame_size(header: bytes) -> tuple[int, FrameFormat] | None:
    """Return a frame's length in bytes and format, from its first four bytes.

    Returns None if they do not begin a frame.
    """
    if len(header) < 4 or header[0] != 0xFF:  # noqa: PLR2004
        return None
    return _size(header[1], header[2], header[3] >> 6 == _MONO)


@cache
def _size(second: int, third: int, is_mono: bool) -> tuple[int, FrameFormat] | None:  # noqa: FBT001
    version, layer = second >> 3 & 3, 4 - (second >> 1 & 3)
    rate, index, padding = third >> 2 & 3, third >> 4, third >> 1 & 1
    if second < 0xE0 or version == 1 or layer == 4 or rate == 3 or not 0 < index < 15:  # noqa: PLR2004
        return None
    rate_hz = _RATES_HZ[rate] >> {3: 0, 2: 1, 0: 2}[version]
    bit_rate = 1_000 * _BIT_RATES[version == _MPEG_1, layer][index - 1]
    form = FrameFormat(version, layer, rate_hz, is_mono)
    if layer == 1:
        return 4 * (12 * bit_rate // rate_hz + padding), form
    return form.samples // 8 * bit_rate // rate_hz + padding, form


def is_run(file: SoundInput, start: int) -> bool:
    """Return whether at least 3 consecutive frames begin at `start`, or all up to the end."""
    return _is_run(ForwardBytes(file, file.end), start, file.end)


def first_run(file: SoundInput, end: int) -> int | None:
    """Return the offset of the first complete frame before `end`, or None.

    The stream may begin in the middle of a frame. Returns None also for frames that raw sound may
    resemble: too few, or two equal ones, as in a tone.
    """
    content = ForwardBytes(file, end)
    for found in _SYNC.finditer(content.at(0, end)):
        start = found.start()
        if _is_run(content, start, end, _LEAST_SURE_RUN):
            frame = frame_size(content.at(start, 4))
            size = frame[0] if frame is not None else 0
            if content.at(start, size) != content.at(start + size, size):
                return start
    return None


def _is_run(content: ForwardBytes, start: int, end: int, least: int = _LEAST_RUN) -> bool:
    form: FrameFormat | None = None
    for count in range(least):
        if start >= end and count > least - 2:
            return True
        found = frame_size(content.at(start, 4))
        if found is None or (form is not None and found[1][:3] != form[:3]):
            return False
        start, form = start + found[0], found[1]
    return start <= end


def frames(file: SoundInput, start: int, end: int) -> Iterator[Frame]:
    """Yield every complete frame from `start` to `end`; skip other bytes between them."""
    content = ForwardBytes(file, end)
    form: FrameFormat | None = None
    while start + 4 <= end:
        head = content.at(start, HEAD_BYTES)
        found = frame_size(head)
        if found is None or (found[1] is not form and not _continues(content, start, end, form)):
            following = _next_run(content, start + 1, end)
            if following is None:
                return
            start, form = following, None
            continue
        size, form = found
        if start + size > end:
            return
        yield Frame(start, size, form, head)
        start += size


def _continues(content: ForwardBytes, start: int, end: int, form: FrameFormat | None) -> bool:
    """Return whether the frame at `start` has the format `form`, or begins a new run."""
    found = frame_size(content.at(start, 4))
    return (found is not None and found[1] == form) or _is_run(content, start, end)


def _next_run(content: ForwardBytes, start: int, end: int) -> int | None:
    """Return the offset of the next run of frames, or None."""
    size = _SEARCHED_BYTES
    while start < end:
        piece = content.at(start, min(size, end - start))
        for found in _SYNC.finditer(piece):
            if _is_run(content, start + found.start(), end):
                return start + found.start()
        # A sync may begin in the last two bytes.
        start += max(1, len(piece) - 2)
        size = min(2 * size, BUFFER_BYTES)
    return None
