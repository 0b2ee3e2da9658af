"""Detect floating-point samples in the scale of integers, which some programs write."""

import logging

import numpy as np
from numpy.typing import NDArray

# Larger values are no overshoot of sound in -1..1.
_LOUDEST = 64.0
_SCALES = (2.0**7, 2.0**15, 2.0**23, 2.0**31)

log = logging.getLogger(__name__)


def peak_of(samples: NDArray[np.float32]) -> float:
    """Return the largest absolute value; 0 if there are no samples or any is NaN."""
    return max(0.0, float(samples.max()), -float(samples.min())) if samples.size else 0.0


def integer_scale(path: str, peak: float) -> np.float32 | None:
    """Return the divisor for a file with this `peak` and log a warning.

    Returns None, without a warning, if no scaling is needed.
    """
    if not _LOUDEST < peak <= _SCALES[-1]:
        return None
    scale = next(scale for scale in _SCALES if peak <= scale)
    log.warning(
        "%s: its samples reach %.0f, which is the scale of integers; they are divided by %.0f",
        path,
        peak,
        scale,
    )
    return np.float32(scale)
