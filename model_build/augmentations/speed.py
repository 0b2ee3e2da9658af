"""Samples in, the same samples played faster or slower out: pitch and tempo change together."""

import numpy as np
from numpy.typing import NDArray


def speed(samples: NDArray[np.float32], *, semitones: float) -> NDArray[np.float32]:
    """Return the samples, shape (n,), as shape (n / 2 ** (semitones / 12),), as a tape does it."""
    import soxr

    ratio = 2.0 ** (semitones / 12.0)
    return np.asarray(soxr.resample(samples, ratio, 1.0, quality="LQ"), np.float32)
