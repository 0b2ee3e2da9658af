"""Read the exact pitch of a note that is already known to the semitone and sounds alone.

The pitch curve has to search all periods, and the whole sound for them. Where a note is known, its
period lies within a semitone, so that a twentieth of the lags is enough: the difference of de
Cheveigne and Kawahara (2002), by parabola, at the period and at the multiple of it that is the most
exact.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.periodicity import HOP_SAMPLES, RumbleFilter
from daemon.sound.window import SAMPLE_RATE_HZ

HIGHEST_MIDI = 95
"""Above B6 a period has fewer than 8 samples."""

# As in the pitch curve: the stretch that is compared with its delayed self, and the lag up to which
# a multiple of the period is read.
_COMPARED = 800
_REACH_SAMPLES = 200.0
_LONGEST_PERIOD = 582.0  # that of A0
# Frames begin on multiples of half a hop from each other, so that they share sums.
_SEGMENT = HOP_SAMPLES // 2
_SEGMENTS = _COMPARED // _SEGMENT
_BEFORE = 800  # samples before the middle of a frame of any period
_SEMITONE = 2.0 ** (1.0 / 12.0)
# The lowest point lies within this of its multiple of the period that was read first.
_NEAR_SAMPLES = 3
# Largest difference at the period, relative to that of sounds that have nothing in common.
_LARGEST_DIFFERENCE = 0.4
_SILENT_POWER = 1e-8
# Scratch memory below the 128 KiB from which the C library asks the kernel for every block.
_PIECE_SAMPLES = 8_000


class _Minima(NamedTuple):
    """The lowest point of each frame's difference, (frames,)."""

    lag: NDArray[np.float64]
    depth: NDArray[np.float64]


class NotePitch:
    """Keeps the newest sound, and reads the pitch of its frames, every HOP_SAMPLES.

    Frame k is centred on sample k x HOP_SAMPLES. The pitch of a frame has the same bits at any
    block length, and whatever is read beside it.
    """

    def __init__(self) -> None:
        self._filter = RumbleFilter()
        self._sound: NDArray[np.float32] = np.zeros(_BEFORE, np.float32)
        self._first = -_BEFORE

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        pieces = range(0, len(samples), _PIECE_SAMPLES)
        filtered = [self._filter.push(samples[at : at + _PIECE_SAMPLES]) for at in pieces]
        self._sound = np.concatenate([self._sound, *filtered])

    def forget(self, frames: int) -> None:
        """Forget the sound that only the first `frames` frames need."""
        gone = max(0, frames * HOP_SAMPLES - _BEFORE - self._first)
        self._sound = self._sound[gone:]
        self._first += gone

    def read(self, first_frame: int, frames: int, midi: float) -> NDArray[np.float64]:
        """Return the pitch (frames,) in hertz of successive frames in which one note sounds.

        `midi` is its number at A4 = 440 Hz, 21 to HIGHEST_MIDI. NaN: no pitch within a semitone of
        it. After the sound and before what was forgotten there is silence.
        """
        period = SAMPLE_RATE_HZ / (440.0 * 2.0 ** ((midi - 69) / 12.0))
        multiple = max(1, int(_REACH_SAMPLES // period))
        start = first_frame * HOP_SAMPLES - round((_COMPARED + multiple * period) / 2.0)
        length = (frames - 1) * HOP_SAMPLES + _COMPARED
        longest = round(_SEMITONE * multiple * period) + _NEAR_SAMPLES + 4
        sound = self._between(start, start + length + longest)
        lags = _lags(period)
        difference = _differences(sound, lags, length)
        coarse = _lowest(difference, lags, difference.argmin(axis=0))
        fine = coarse
        if multiple > 1:
            far = _lags(multiple * period)
            nearest = np.clip(np.rint(multiple * coarse.lag).astype(np.intp), far[0], far[-1])
            far = np.arange(nearest.min() - _NEAR_SAMPLES - 1, nearest.max() + _NEAR_SAMPLES + 2)
            difference = _differences(sound, far, length)
            around = nearest - far[0] + np.arange(-_NEAR_SAMPLES, _NEAR_SAMPLES + 1)[:, None]
            best = np.take_along_axis(difference, around, axis=0).argmin(axis=0)
            fine = _lowest(difference, far, around[best, np.arange(frames)])
        energy = _energy(sound[:length]) + _energy(sound[round(period) :][:length])
        hz = multiple * SAMPLE_RATE_HZ / fine.lag
        is_found = coarse.depth < _LARGEST_DIFFERENCE * energy
        is_found &= energy > 2 * _COMPARED * _SILENT_POWER
        is_found &= np.isfinite(fine.depth)
        return np.where(is_found, hz, np.nan)

    def _between(self, start: int, end: int) -> NDArray[np.float32]:
        """Return the samples (end - start,) of the stream."""
        before = np.zeros(max(0, self._first - start), np.float32)
        sound = self._sound[max(0, start - self._first) : max(0, end - self._first)]
        after = np.zeros(max(0, end - start - len(before) - len(sound)), np.float32)
        return np.concatenate([before, sound, after])


def _lags(period: float) -> NDArray[np.intp]:
    """Return the lags within a semitone of a period, and one more on either side."""
    return np.arange(int(period / _SEMITONE) - 1, int(period * _SEMITONE) + 3, dtype=np.intp)


def _differences(
    sound: NDArray[np.float32], lags: NDArray[np.intp], length: int
) -> NDArray[np.float64]:
    """Return the squared differences (lags, frames) of frames that begin in `length` samples."""
    own, apart = sound[:length], np.empty(length, np.float32)
    segments = apart.reshape(-1, _SEGMENT)
    sums = np.empty((len(lags), len(segments)), np.float32)
    for row, lag in enumerate(lags.tolist()):
        np.subtract(own, sound[lag : lag + length], out=apart)
        np.multiply(apart, apart, out=apart)
        np.add.reduce(segments, axis=1, out=sums[row])
    return _over_frames(sums)


def _energy(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sum of squares of each frame (frames,) in samples (n,)."""
    segments = np.square(sound).reshape(-1, _SEGMENT)
    (total,) = _over_frames(np.add.reduce(segments, axis=1)[None])
    return np.asarray(total)


def _over_frames(sums: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sums (rows, frames) of the segments of each frame, of sums (rows, segments).

    Each is a sum of 160 samples and then of five sums: it has the same bits in any block.
    """
    end = sums.shape[1] - _SEGMENTS + 1
    total: NDArray[np.float64] = sums[:, 0:end:2].astype(np.float64)
    for segment in range(1, _SEGMENTS):
        total += sums[:, segment : end + segment : 2]
    return total


def _lowest(
    difference: NDArray[np.float64], lags: NDArray[np.intp], lowest: NDArray[np.intp]
) -> _Minima:
    """Return the lowest points, by parabola, around the rows `lowest` (frames,) of (lags, frames).

    The depth is infinite where the row is no minimum.
    """
    frame = np.arange(difference.shape[1])
    inside = np.clip(lowest, 1, len(lags) - 2)
    before, at, after = (difference[inside + step, frame] for step in (-1, 0, 1))
    bend = before - 2.0 * at + after
    is_minimum = (bend > 0.0) & (at <= before) & (at <= after)
    shift = np.where(is_minimum, 0.5 * (before - after) / np.where(is_minimum, bend, 1.0), 0.0)
    depth = np.maximum(at - 0.25 * (before - after) * shift, 0.0)
    lag = lags[inside].astype(np.float64) + shift
    return _Minima(lag, np.where(is_minimum, depth, np.inf))
