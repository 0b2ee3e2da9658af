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
    fits = [_sinusoid(time, swing, rate) for rate in _RATES_HZ]
    best = int(np.argmax([explained for explained, _ in fits]))
    explained, amplitude = fits[best]
    rate = float(_RATES_HZ[best])
    amplitude /= float(np.sinc(rate * _BLUR_SECONDS))
    if explained < _LEAST_EXPLAINED * total or amplitude < _LEAST_CENTS:
        return None
    return Vibrato(rate, amplitude)


def _sinusoid(
    time: NDArray[np.float64], swing: NDArray[np.float64], rate_hz: float
) -> tuple[float, float]:
    """Return the sum of squares that a sinusoid of this rate explains, and its amplitude."""
    turn = 2.0 * math.pi * rate_hz * time
    waves = np.column_stack([np.cos(turn), np.sin(turn)])
    parts, *_ = np.linalg.lstsq(waves, swing, rcond=None)
    fitted = waves @ parts
    return float(fitted @ fitted), float(np.hypot(*parts))
