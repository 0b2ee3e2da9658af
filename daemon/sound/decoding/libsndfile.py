"""Decode the parts of a file with libsndfile, in this process."""

import logging
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.part import TRUNCATED, UNREAD, Part
from daemon.sound.decoding.block import Block
from daemon.sound.decoding.float_scale import integer_scale, peak_of
from daemon.sound.decoding.libsndfile_source import LibsndfileSource, open_source
from daemon.system.silenced_output import quiet_output

_BLOCK_SAMPLES = 4_096
_SCANNED_SAMPLES = 1 << 17
# libsndfile reports a larger number when the length is unknown.
_UNKNOWN_FRAMES = 1 << 48
# By libsndfile's public error numbers; its texts for other errors do not help a user.
_REASONS = {1: "unknown format", 4: "a codec that libsndfile does not read"}
_FLOATS = {"FLOAT", "DOUBLE"}

log = logging.getLogger(__name__)


class StoppedError(Exception):
    """libsndfile cannot read the file, or the rest of it."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds = seconds
        """Duration of the sound that was read before."""
        self.reason = reason
        """A phrase."""


class LibsndfileReader:
    """Reads a file's parts in order and logs at most one warning about missing sound."""

    def __init__(self, file: SoundInput) -> None:
        self._file = file
        self._seconds = 0.0

    def blocks(self, parts: Iterable[Part]) -> Iterator[Block]:
        """Yield the sound of all parts; raises StoppedError if libsndfile cannot read the rest."""
        notice: str | None = None
        for part in parts:
            found = yield from self._part(part)
            notice = part.notice or found or notice
        if notice is not None and self._seconds > 0:
            log.warning("%s: %s", self._file.path, notice.format(seconds=self._seconds))

    def _part(self, part: Part) -> Generator[Block, None, str | None]:
        """Yield one part's blocks; return a warning if some of its sound is missing."""
        with self._open(part) as (sound, source):
            rate_hz = sound.samplerate
            yield from self._silence(part.silence_seconds, rate_hz)
            scale = self._scale(part, sound)
            promised = part.frames
            if part.trusts_count and sound.frames < _UNKNOWN_FRAMES:
                promised = sound.frames
            decoded, has_failed = yield from self._read_scaled(sound, scale)
            is_at_end = source.is_at_end()
            has_more = source.has_more()
        if source.error is not None:
            raise InputError(
                f"{self._file.path}: cannot be read ({source.error.strerror}); check the file"
            )
        # A failure after exactly the promised sound is due to other data behind it.
        has_failed = has_failed and decoded != promised
        is_short = has_failed or (promised is not None and decoded < promised)
        if not is_at_end and (is_short or part.hides_length):
            raise StoppedError(self._seconds, "damaged")
        return UNREAD if has_more else TRUNCATED if is_short else None

    def _silence(self, seconds: float, rate_hz: int) -> Iterator[Block]:
        left = round(seconds * rate_hz)
        while left > 0:
            size = min(left, _BLOCK_SAMPLES)
            yield self._count(np.zeros((size, 1), np.float32), rate_hz)
            left -= size

    def _read_scaled(
        self, sound: Any, scale: np.float32 | None
    ) -> Generator[Block, None, tuple[int, bool]]:
        """Yield the blocks; return their number of samples, and whether decoding has failed."""
        rate_hz, decoded = sound.samplerate, 0
        blocks = _blocks(sound)
        while True:
            try:
                block = next(blocks)
            except StopIteration as end:
                return decoded, end.value
            decoded += len(block)
            yield self._count(block if scale is None else block / scale, rate_hz)

    def _count(self, samples: NDArray[np.float32], rate_hz: int) -> Block:
        self._seconds += len(samples) / rate_hz
        return Block(samples, rate_hz)

    @contextmanager
    def _open(self, part: Part) -> Iterator[tuple[Any, LibsndfileSource]]:
        import soundfile

        class Forward(soundfile.SoundFile):  # type: ignore[misc]
            """Never seeks: seeking after each block, as soundfile does, loses sound of MP3."""

            def seekable(self) -> bool:
                return False

        with open_source(self._file, part) as source:
            try:
                with quiet_output():  # The MP3 decoder prints warnings from C.
                    opened = Forward(source.opens, closefd=False)
            except soundfile.LibsndfileError as error:
                reason = _REASONS.get(error.code, "malformed")
                raise StoppedError(self._seconds, reason) from None
            with opened:
                yield opened, source

    def _scale(self, part: Part, sound: Any) -> np.float32 | None:
        """Return the divisor for samples in the scale of integers, None if none is needed."""
        if sound.subtype not in _FLOATS or self._file.size is None:
            return None
        pieces = part.pieces or [range(self._file.size)]
        with self._open(replace(part, pieces=pieces)) as (scanned, _):
            peak = _peak(scanned)
        return integer_scale(self._file.path, peak)


def _peak(sound: Any) -> float:
    """Return the largest absolute value of all samples, 0 if none can be decoded."""
    import soundfile

    peak = 0.0
    block = np.empty((max(1, _SCANNED_SAMPLES // sound.channels), sound.channels), np.float32)
    with suppress(soundfile.LibsndfileError):
        while len(samples := sound.read(out=block)):
            peak = max(peak, peak_of(samples))
    return peak


def _blocks(sound: Any) -> Generator[NDArray[np.float32], None, bool]:
    """Yield the samples (n, channels); return whether decoding failed after them."""
    import soundfile

    shape = max(1, _BLOCK_SAMPLES // sound.channels), sound.channels
    # The MP3 decoder prints a warning at every damaged frame.
    quiet = quiet_output if sound.format == "MP3" else nullcontext
    while True:
        block = np.full(shape, np.nan, np.float32)
        try:
            with quiet():
                block = sound.read(out=block)
        except soundfile.LibsndfileError:
            # soundfile does not report how many samples were decoded before the error.
            is_decoded = ~np.isnan(block[:, -1])
            count = shape[0] if is_decoded.all() else int(is_decoded.argmin())
            if count:
                yield block[:count]
            return True
        if not len(block):
            return False
        yield block
