"""Whether a sound is the hum of mains: partials on one comb of multiples of 50 or 60 Hz."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.spectrum import FRAME_SAMPLES, HZ_PER_BIN, SpectrumStream
from daemon.sound.window import SAMPLE_RATE_HZ

_FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE_HZ
_HALF_FRAME_SECONDS = _FRAME_SECONDS / 2.0
_FIRST_BIN = int(44.0 / HZ_PER_BIN)
# A peak has this share of the largest, and this many times the noise around it.
_LEAST_OF_LOUDEST, _LEAST_OVER_NOISE = 0.02, 4.0
_NOISE_BINS = 32
_SILENT_MAGNITUDE = 1e-5

# The frequency of a grid varies by less than 0.4 %; all its lines vary together.
_GRIDS_HZ = (50.0, 60.0)
_MOST_VARIATION = 0.004
_VARIATION = 1.0 + _MOST_VARIATION * np.linspace(-1.0, 1.0, 41)
_OFF_HZ, _OFF_SHARE = 0.25, 0.0002
# The hertz between the lines. The others are near a note at A4 = 440 Hz, and so are their octaves.
_COMBS = {50.0: (1, 2, 3, 4, 6), 60.0: (1, 2, 3, 4, 5)}
_STRONG_LINE = 0.1  # relative to the strongest line

_HUM_SHARE = 0.6
_BEFORE_SECONDS = 1.0
_LEAST_FRAMES = 3


class HumTrace:
    """Follows how much of a sound is hum; remembers the newest block and `keep_seconds` before.

    Hum with several strong lines sounds like several notes. Its lines tell: they are the multiples
    of one exact frequency, where notes have frequencies of their own.
    """

    def __init__(self, keep_seconds: float) -> None:
        self._spectra = SpectrumStream(FRAME_SAMPLES)
        self._keep = round(keep_seconds / _FRAME_SECONDS)
        self._first = 0
        self._shares: NDArray[np.float64] = np.empty(0)

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        new = [hum_share(spectrum) for spectrum in self._spectra.push(samples)]
        gone = max(0, len(self._shares) - self._keep)
        self._shares = np.concatenate([self._shares[gone:], new])
        self._first += gone

    def is_hum(self, start_seconds: float, end_seconds: float) -> bool:
        """Return whether the sound between two times is hum, and not only began to be.

        False if it is too short to tell. Sound after `end_seconds` does not count.
        """
        inside = self._between(start_seconds, end_seconds)
        with_before = self._between(start_seconds - _BEFORE_SECONDS, end_seconds)
        if not len(inside) or len(with_before) < _LEAST_FRAMES:
            return False
        return bool(min(np.median(inside), np.median(with_before)) >= _HUM_SHARE)

    def _between(self, start_seconds: float, end_seconds: float) -> NDArray[np.float64]:
        """Return the shares of the frames that have their middle and their end between the two."""
        middles = (
            np.arange(len(self._shares)) + self._first
        ) * _FRAME_SECONDS + _HALF_FRAME_SECONDS
        is_inside = (middles >= start_seconds) & (middles + _HALF_FRAME_SECONDS <= end_seconds)
        return self._shares[is_inside]


def hum_share(spectrum: NDArray[np.float32]) -> float:
    """Return which share of the peaks of a magnitude spectrum (BINS,) are lines of hum, 0..1.

    Less than `_HUM_SHARE` can be 0.
    """
    hz, height = _peaks(spectrum)
    shares = [0.0]
    for grid_hz in _GRIDS_HZ:
        line = np.maximum(np.rint(hz / grid_hz), 1.0)
        # Most sounds need no search for the exact frequency.
        near = np.abs(hz - line * grid_hz) < _OFF_HZ + (_OFF_SHARE + _MOST_VARIATION) * hz
        if not height[near].sum() >= _HUM_SHARE * height.sum() > 0.0:
            continue
        off_hz = np.abs(hz - line * (grid_hz * _VARIATION[:, None]))
        on_lines = off_hz < _OFF_HZ + _OFF_SHARE * hz
        best = on_lines[np.argmax(on_lines @ height)]
        strong = best & (height >= _STRONG_LINE * height[best].max(initial=0.0))
        if np.gcd.reduce(line[strong].astype(np.int64)) in _COMBS[grid_hz]:
            shares.append(float(height[best].sum() / height.sum()))
    return max(shares)


def _peaks(spectrum: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the frequencies (n,) in hertz and the magnitudes (n,) of the peaks."""
    magnitude = spectrum[_FIRST_BIN - 1 :].astype(np.float64)
    middle = magnitude[1:-1]
    blocks = magnitude[: len(magnitude) // _NOISE_BINS * _NOISE_BINS].reshape(-1, _NOISE_BINS)
    centres = (np.arange(len(blocks)) + 0.5) * _NOISE_BINS
    # The same as np.median, in half of the time.
    half = _NOISE_BINS // 2
    medians = np.partition(blocks, (half - 1, half), axis=1)[:, half - 1 : half + 1].mean(axis=1)
    noise = np.interp(np.arange(len(middle)) + 1.0, centres, medians)
    least = np.maximum(_LEAST_OVER_NOISE * noise, _LEAST_OF_LOUDEST * middle.max())
    is_peak = (middle > magnitude[:-2]) & (middle >= magnitude[2:])
    place = np.flatnonzero(is_peak & (middle > np.maximum(least, _SILENT_MAGNITUDE)))
    left, at, right = np.log(magnitude[place + np.arange(3)[:, None]] + 1e-12)
    curvature = np.minimum(left - 2.0 * at + right, -1e-9)
    shift = np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)
    return (place + _FIRST_BIN + shift) * HZ_PER_BIN, np.exp(at)
