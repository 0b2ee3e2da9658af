"""The pitch of a steady recorded note, for labels: its period, refined on its lowest partials.

The period alone would be wrong for struck and plucked strings, whose stretched upper partials make
it look short: by 20 cents on a piano.
"""

import numpy as np
from numpy.typing import NDArray

from model_build.rendering.soundfont import SAMPLE_RATE_HZ

SILENT_RMS = 3e-4
"""A sound below this level has no pitch."""

_LEAST_PERIODICITY = 0.5
_FIRST_PEAK_SHARE = 0.9
_LOWEST_HZ, _HIGHEST_HZ = 25.0, 4_500.0
_LOW_PARTIALS = (1, 2, 3)
_PARTIAL_REACH = 0.045  # of its frequency: three quarters of a semitone
_LEAST_PARTIAL_SHARE = 0.1  # of the strongest of the low partials
_PADDING = 8

Samples = NDArray[np.float32]
Curve = NDArray[np.float64]


def pitch_midi(sound: Samples) -> float | None:
    """Return the pitch of a steady sound (n,) as a MIDI number, None if it has none."""
    count = len(sound)
    if not count or float(np.mean(np.square(sound, dtype=np.float64))) < SILENT_RMS**2:
        return None
    period = _period(sound)
    if period is None:
        return None
    hz = _refined(sound, SAMPLE_RATE_HZ / period)
    return float(69.0 + 12.0 * np.log2(hz / 440.0))


def _period(sound: Samples) -> float | None:
    """Return the first high peak of the normalized autocorrelation (McLeod and Wyvill, 2005)."""
    count = len(sound)
    longest = min(round(SAMPLE_RATE_HZ / _LOWEST_HZ), count // 2)
    shortest = round(SAMPLE_RATE_HZ / _HIGHEST_HZ)
    if longest <= shortest + 1:
        return None
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    spectrum = np.fft.rfft(sound, 2 * count)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:longest]
    lags = np.arange(longest)
    power = energy[count - lags] + energy[count] - energy[lags]
    return _first_peak(2.0 * correlation / np.maximum(power, 1e-12), shortest)


def _first_peak(similarity: Curve, shortest: int) -> float | None:
    below = np.flatnonzero(similarity < 0)
    first = max(shortest, int(below[0]) if len(below) else shortest)
    inner = similarity[1:-1]
    is_peak = (inner >= similarity[:-2]) & (inner > similarity[2:])
    peaks = np.flatnonzero(is_peak) + 1
    peaks = peaks[peaks > first]
    if not len(peaks) or similarity[peaks].max() < _LEAST_PERIODICITY:
        return None
    lag = int(peaks[similarity[peaks] > _FIRST_PEAK_SHARE * similarity[peaks].max()][0])
    return lag + _vertex(similarity[lag - 1 : lag + 2])


def _refined(sound: Samples, rough_hz: float) -> float:
    """Return the fundamental frequency that the peaks of the lowest partials agree on."""
    size = _PADDING * len(sound)
    magnitudes = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))
    bin_hz = SAMPLE_RATE_HZ / size
    found, weights = [], []
    for number in _LOW_PARTIALS:
        peak = _peak(magnitudes, number * rough_hz / bin_hz)
        if peak is not None:
            place, height = peak
            found.append(place * bin_hz / number)
            weights.append(height / number)
    if not found:
        return rough_hz
    strong = np.array(weights) >= _LEAST_PARTIAL_SHARE * max(weights)
    return float(np.average(np.array(found)[strong], weights=np.array(weights)[strong]))


def _peak(magnitudes: Curve, expected: float) -> tuple[float, float] | None:
    """Return place and height of the highest peak near the bin `expected`; None without one."""
    reach = max(2.0, _PARTIAL_REACH * expected)
    first, last = int(expected - reach), int(expected + reach) + 1
    if last + 1 >= len(magnitudes):
        return None
    highest = first + int(magnitudes[first : last + 1].argmax())
    if highest in (first, last):
        return None
    around = magnitudes[highest - 1 : highest + 2]
    return highest + _vertex(np.log(np.maximum(around, 1e-12))), float(around[1])


def _vertex(three: Curve) -> float:
    """Return where the parabola through three points is highest, relative to the middle one."""
    before, here, after = three
    bend = before - 2.0 * here + after
    return float(0.5 * (before - after) / bend) if bend else 0.0
