"""Measure for every frame and lag how far the sound is from repeating itself, with YIN.

The measure is the cumulative mean normalised difference of de Cheveigne and Kawahara, "YIN, a
fundamental frequency estimator for speech and music" (2002): 0 where the sound repeats exactly,
about 1 where it does not.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ

HOP_SAMPLES = 320
HOP_SECONDS = HOP_SAMPLES / SAMPLE_RATE_HZ
LONGEST_LAG = 583
"""The period of A0, 27.5 Hz, in samples, with a neighbour for the parabola."""

# The stretch that is compared with its delayed self. Longer ones blur vibrato and short notes.
_COMPARED = 800
_FRAME = _COMPARED + LONGEST_LAG
_BEFORE = _FRAME // 2
_FFT_SIZE = 1_440  # at least _FRAME, and a product of small primes
# Scratch memory stays below the 128 KiB from which the C library asks the kernel for every block.
# With 64 frames this takes more than twice as long.
_FRAMES_AT_ONCE = 16

# The running mean over 5 ms that the filter subtracts. It takes hum and rumble away.
_MEAN_SAMPLES = 81
_HALF_MEAN = _MEAN_SAMPLES // 2
# As whole numbers, sums are exact, and so do not depend on where a block begins.
_STEPS = float(2**24)
_LOUDEST = 1e4


class Periodicity(NamedTuple):
    """Frames every HOP_SAMPLES; frame k is centred on sample k x HOP_SAMPLES."""

    difference: NDArray[np.float32]
    """Normalised difference (frames, LONGEST_LAG + 1), 0 or more; column k is lag k."""
    power: NDArray[np.float32]
    """Mean square (frames,) of the filtered sound."""


class PeriodicityStream:
    """Computes the frames of successive blocks, with the same bits at any block length."""

    def __init__(self) -> None:
        self._filter = RumbleFilter()
        self._rest: NDArray[np.float32] = np.zeros(_BEFORE, np.float32)
        self._samples = 0
        self._frames = 0

    def push(self, samples: NDArray[np.float32]) -> Periodicity:
        """Return the frames that (n,) further 16 kHz samples complete."""
        self._samples += len(samples)
        return self._complete(self._filter.push(samples))

    def finish(self) -> Periodicity:
        """Return the remaining frames, up to the last sample; silence follows it."""
        missing = -(-self._samples // HOP_SAMPLES) - self._frames
        silence = np.zeros(_FRAME + HOP_SAMPLES, np.float32)
        difference, power = self._complete(np.concatenate([self._filter.finish(), silence]))
        return Periodicity(difference[:missing], power[:missing])

    def _complete(self, filtered: NDArray[np.float32]) -> Periodicity:
        sound = np.concatenate([self._rest, filtered])
        count = max(0, 1 + (len(sound) - _FRAME) // HOP_SAMPLES)
        difference = np.empty((count, LONGEST_LAG + 1), np.float32)
        power = np.empty(count, np.float32)
        if count:
            framed = sliding_window_view(sound, _FRAME)[::HOP_SAMPLES][:count]
            for start in range(0, count, _FRAMES_AT_ONCE):
                end = start + _FRAMES_AT_ONCE
                power[start:end] = _differences(framed[start:end], difference[start:end])
        self._rest = sound[count * HOP_SAMPLES :].copy()
        self._frames += count
        return Periodicity(difference, power)


def _differences(framed: NDArray[np.float32], out: NDArray[np.float32]) -> NDArray[np.float32]:
    """Write the normalised differences of (n, _FRAME) samples to `out`; return the powers (n,)."""
    spectrum = np.fft.rfft(framed, _FFT_SIZE)
    spectrum *= np.fft.rfft(framed[:, :_COMPARED], _FFT_SIZE).conj()
    products = np.fft.irfft(spectrum, _FFT_SIZE)[:, : LONGEST_LAG + 1]
    squares = np.zeros((len(framed), _FRAME + 1))
    np.cumsum(np.square(framed, dtype=np.float64), axis=1, out=squares[:, 1:])
    energy = squares[:, _COMPARED:] - squares[:, : LONGEST_LAG + 1]
    difference = np.maximum(energy + energy[:, :1] - 2.0 * products, 0.0)
    difference[:, 0] = 0.0
    means = np.cumsum(difference, axis=1)
    # Silence repeats itself at every lag, but has no period.
    means += 1e-9 * energy[:, :1] + 1e-12
    out[:] = difference * np.arange(LONGEST_LAG + 1) / means
    out[:, 0] = 1.0
    out[energy[:, 0] <= 0.0] = 1.0
    return (energy[:, 0] / _COMPARED).astype(np.float32)


class RumbleFilter:
    """Subtracts the running mean around each sample; the result has no delay in time."""

    def __init__(self) -> None:
        self._kept = np.zeros(_HALF_MEAN, np.int64)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the filtered samples that (n,) further samples complete."""
        bounded = np.clip(samples, -_LOUDEST, _LOUDEST)
        steps = np.concatenate([self._kept, np.rint(bounded * _STEPS).astype(np.int64)])
        if len(steps) < _MEAN_SAMPLES:
            self._kept = steps
            return np.empty(0, np.float32)
        sums = np.concatenate([[0], np.cumsum(steps)])
        totals = sums[_MEAN_SAMPLES:] - sums[:-_MEAN_SAMPLES]
        middle = steps[_HALF_MEAN : len(steps) - _HALF_MEAN]
        self._kept = steps[len(steps) - _MEAN_SAMPLES + 1 :].copy()
        filtered = (middle * _MEAN_SAMPLES - totals) / (_MEAN_SAMPLES * _STEPS)
        return np.asarray(filtered, np.float32)

    def finish(self) -> NDArray[np.float32]:
        """Return the last samples, as if silence followed."""
        return self.push(np.zeros(_HALF_MEAN, np.float32))
