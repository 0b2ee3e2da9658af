"""The pitch curve of one voice, of a stream or of a whole recording."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.candidates import candidates
from daemon.practice.pitch.features import FEATURE_LOOK_AHEAD
from daemon.practice.pitch.path import PATH_LOOK_AHEAD, PitchPath
from daemon.practice.pitch.periodicity import HOP_SECONDS, Periodicity, PeriodicityStream
from daemon.practice.pitch.voicing import VOICING_LOOK_AHEAD, Voicing

LOOK_AHEAD_SECONDS = (PATH_LOOK_AHEAD + FEATURE_LOOK_AHEAD + VOICING_LOOK_AHEAD) * HOP_SECONDS
"""A frame is decided this long after its own sound, which ends 43 ms after its middle."""

# Between two frames a pitch is drawn only if they are as near as one note's.
_SAME_NOTE_SEMITONES = 1.0


class PitchCurve(NamedTuple):
    """Pitch in frames every HOP_SECONDS, the first in the middle of the stream's first sample."""

    hz: NDArray[np.float64]
    """The likeliest pitch (frames,) in hertz, also where none sounds."""
    is_voiced: NDArray[np.bool_]
    """Whether a pitch sounds (frames,)."""

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Times (frames,) of the frames of a curve that begins with the stream."""
        return np.arange(len(self.hz), dtype=np.float64) * HOP_SECONDS

    def every_10_ms(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times (n,) in seconds and pitch (n,) in hertz; NaN where no pitch sounds."""
        count = max(0, 2 * len(self.hz) - 1)
        hz = np.full(count, np.nan)
        hz[::2] = np.where(self.is_voiced, self.hz, np.nan)
        before, after = hz[0:-2:2], hz[2::2]
        leap = np.abs(12.0 * np.log2(after / before))
        # NaN compares as false: at the edge of silence, the time between is silent as well.
        hz[1::2] = np.where(leap < _SAME_NOTE_SEMITONES, np.sqrt(before * after), after)
        return np.arange(count, dtype=np.float64) * (HOP_SECONDS / 2.0), hz


class PitchStream:
    """Follows the pitch of 16 kHz sound; a recording gives the same bits at any block length."""

    def __init__(self) -> None:
        self._periodicity = PeriodicityStream()
        self._path = PitchPath()
        self._voicing = Voicing()
        self._power: NDArray[np.float32] = np.empty(0, np.float32)
        self._hz = np.empty(0)

    def push(self, samples: NDArray[np.float32]) -> PitchCurve:
        """Return the frames that (n,) further samples in -1..1 decide, about 0.34 s later."""
        path, power = self._follow(self._periodicity.push(samples))
        return self._decided(path, self._voicing.push(path, power))

    def finish(self) -> PitchCurve:
        """Return the remaining frames; the stream has ended."""
        path, power = self._follow(self._periodicity.finish())
        decided = self._decided(path, self._voicing.push(path, power))
        path = self._path.finish()
        rest = self._decided(path, self._voicing.push(path, self._power) + self._voicing.finish())
        return PitchCurve(*(np.concatenate(both) for both in zip(decided, rest, strict=True)))

    def _follow(self, frames: Periodicity) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return the path (n, 2) and the power (n,) of the frames that are decided now."""
        path = self._path.push(candidates(frames.difference))
        power = np.concatenate([self._power, frames.power])
        self._power = power[len(path) :]
        return path, power[: len(path)]

    def _decided(self, path: NDArray[np.float64], voiced: list[bool]) -> PitchCurve:
        hz = np.concatenate([self._hz, path[:, 0]])
        self._hz = hz[len(voiced) :]
        return PitchCurve(hz[: len(voiced)], np.array(voiced, bool))


def pitch_curve(samples: NDArray[np.float32]) -> PitchCurve:
    """Return the pitch curve of a recording, (n,) samples at 16 kHz."""
    stream = PitchStream()
    parts = zip(stream.push(samples), stream.finish(), strict=True)
    return PitchCurve(*(np.concatenate(both) for both in parts))
