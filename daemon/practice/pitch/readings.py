"""Ten readings a second of the pitch that sounds, for a tuner."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.curve import PitchCurve, PitchStream
from daemon.practice.pitch.periodicity import HOP_SECONDS
from daemon.practice.spelling import note_name

READING_SECONDS = 0.1
"""Time from one reading to the next."""

_FRAMES = round(READING_SECONDS / HOP_SECONDS)
_LEAST_VOICED_FRAMES = 3
_A4_MIDI = 69


class Reading(NamedTuple):
    """What sounds in a tenth of a second."""

    at: float
    """Its end, in seconds of sound."""
    hz: float | None
    """The pitch in hertz; None if no pitch sounds."""
    midi: int | None
    """The nearest key on the reference A4; 69 is that A4."""
    cents: float | None
    """Deviation from that key, -50 to 50."""

    @property
    def note(self) -> str | None:
        """The name of the key, with sharps, such as `C#5`."""
        return None if self.midi is None else note_name(self.midi)


class Readings:
    """Turns 16 kHz sound into readings; they are the same at any block length."""

    def __init__(self, reference_hz: float) -> None:
        self._reference_hz = reference_hz
        self._stream = PitchStream()
        self._hz: NDArray[np.float64] = np.empty(0)
        self._count = 0

    def push(self, samples: NDArray[np.float32]) -> list[Reading]:
        """Return the readings that (n,) further samples decide, about 0.4 s later."""
        return self._readings(self._stream.push(samples))

    def finish(self) -> list[Reading]:
        """Return the remaining readings; less than a tenth of a second is left out."""
        return self._readings(self._stream.finish())

    def _readings(self, curve: PitchCurve) -> list[Reading]:
        drawn = np.where(curve.is_voiced, curve.hz, np.nan)
        hz = np.concatenate([self._hz, drawn])
        whole = len(hz) // _FRAMES
        self._hz = hz[whole * _FRAMES :]
        return [self._reading(frames) for frames in hz[: whole * _FRAMES].reshape(-1, _FRAMES)]

    def _reading(self, hz: NDArray[np.float64]) -> Reading:
        self._count += 1
        at = self._count * READING_SECONDS
        voiced = hz[np.isfinite(hz)]
        if len(voiced) < _LEAST_VOICED_FRAMES:
            return Reading(at, None, None, None)
        # The median ignores a frame on the edge of another note.
        middle = float(np.median(voiced))
        semitones = _A4_MIDI + 12.0 * math.log2(middle / self._reference_hz)
        midi = round(semitones)
        return Reading(at, middle, midi, 100.0 * (semitones - midi))
