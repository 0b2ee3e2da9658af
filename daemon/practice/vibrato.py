"""Measure the vibrato of a note from its pitch curve."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LOWEST_HZ, HIGHEST_HZ = 3.5, 8.5
"""Range of vibrato rates; slower bends and faster flutter are none."""

_RATES_HZ = np.arange(LOWEST_HZ, HIGHEST_HZ + 0.05, 0.1)
_LEAST_TURNS = 2.0
_LEAST_CENTS = 6.0  # a smaller one is not heard as vibrato
_LEAST_EXPLAINED = 0.5  # share of the curve's variance
# The pitch of a frame is the mean over about this time, which flattens the vibrato.
_BLUR_SECONDS = 0.05


class Vibrato(NamedTuple):
    """A periodic change of pitch."""

    hz: float
    """Rate."""
    cents: float
    """Half of peak to peak."""


def vibrato(seconds: NDArray[np.float64], hz: NDArray[np.float64]) -> Vibrato | None:
    """Return the vibrato of a note's pitch curve; None if it has none or is too short.

    `seconds` and `hz` (n,) are times and pitches, as of `PitchCurve.every_10_ms`; NaN is skipped.
    """
    is_known = np.isfinite(hz)
    time, cents = seconds[is_known], 1200.0 * np.log2(hz[is_known])
    # Two cycles of the slowest vibrato, and more values than the model below has parameters.
    if not len(time) or time[-1] - time[0] < _LEAST_TURNS / LOWEST_HZ or len(time) < len(hz) / 2:
        return None
    time = time - time.mean()
    trend = np.column_stack([np.ones_like(time), time, time**2])
    level, *_ = np.linalg.lstsq(trend, cents, rcond=None)
    swing = cents - trend @ level
    total = float(swing @ swing)
    if total / len(swing) < (_LEAST_CENTS / 2.0) ** 2 / 2.0:
        return None
    every_explained, amplitudes = _sinusoids(time, swing)
    best = int(every_explained.argmax())
    explained, rate = float(every_explained[best]), float(_RATES_HZ[best])
    amplitude = float(amplitudes[best]) / float(np.sinc(rate * _BLUR_SECONDS))
    if explained < _LEAST_EXPLAINED * total or amplitude < _LEAST_CENTS:
        return None
    return Vibrato(rate, amplitude)


def _sinusoids(
    time: NDArray[np.float64], swing: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each rate, the sum of squares that its sinusoid explains, and its amplitude."""
    turns = (2.0 * math.pi * _RATES_HZ)[:, None] * time
    cosine, sine = np.cos(turns), np.sin(turns)
    # Least squares of two unknowns: their products, and the inverse of a matrix of two rows.
    own, other, both = (cosine**2).sum(axis=1), (sine**2).sum(axis=1), (cosine * sine).sum(axis=1)
    of_cosine, of_sine = cosine @ swing, sine @ swing
    determinant = own * other - both**2
    cosines = (other * of_cosine - both * of_sine) / determinant
    sines = (own * of_sine - both * of_cosine) / determinant
    return cosines * of_cosine + sines * of_sine, np.hypot(cosines, sines)
