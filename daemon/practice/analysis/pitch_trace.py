"""The newest part of the pitch curve of a stream."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.curve import PitchCurve, PitchStream
from daemon.practice.pitch.periodicity import HOP_SECONDS

_ROUNDING_SECONDS = 1e-6


class PitchTrace:
    """Follows the pitch of one voice; remembers the last `keep_seconds`, or everything if None."""

    def __init__(self, keep_seconds: float | None = None) -> None:
        self._stream = PitchStream()
        self._keep = None if keep_seconds is None else round(keep_seconds / HOP_SECONDS)
        self._curve = PitchCurve(np.empty(0), np.empty(0, bool))
        self._first = 0  # the number of the first frame of the curve

    @property
    def until_seconds(self) -> float:
        """The curve is known up to here."""
        return (self._first + len(self._curve.hz)) * HOP_SECONDS

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        self._append(self._stream.push(samples))

    def finish(self) -> None:
        """End the sound."""
        self._append(self._stream.finish())

    def between(self, start_seconds: float, end_seconds: float) -> tuple[float, PitchCurve]:
        """Return the remembered curve between two times, and the time of its first frame."""
        first = max(0, round(start_seconds / HOP_SECONDS) - self._first)
        last = max(first, round(end_seconds / HOP_SECONDS) - self._first + 1)
        part = PitchCurve(self._curve.hz[first:last], self._curve.is_voiced[first:last])
        return (self._first + first) * HOP_SECONDS, part

    def newest(self, seconds: float) -> tuple[float, PitchCurve]:
        """Return the last `seconds` of the curve, and the time of its first frame."""
        until = self.until_seconds
        return self.between(until - seconds + _ROUNDING_SECONDS, until)

    def _append(self, new: PitchCurve) -> None:
        both = zip(self._curve, new, strict=True)
        hz, is_voiced = (np.concatenate(parts) for parts in both)
        gone = 0 if self._keep is None else max(0, len(hz) - self._keep)
        self._first += gone
        self._curve = PitchCurve(hz[gone:], is_voiced[gone:])


def semitones_of(curve: PitchCurve) -> NDArray[np.float64]:
    """Return the pitch (n,) of the voiced frames as MIDI numbers at A4 = 440 Hz."""
    hz = curve.hz[curve.is_voiced]
    pitch: NDArray[np.float64] = 69.0 + 12.0 * np.log2(hz / 440.0)
    return pitch
