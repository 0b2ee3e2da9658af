"""Plays samples faster or slower: pitch and tempo change together, as on a tape."""

import numpy as np
from numpy.typing import NDArray


def speed(samples: NDArray[np.float32], *, semitones: float) -> NDArray[np.float32]:
    """Return the samples, shape (n,), transposed: shape (n / 2 ** (semitones / 12),)."""
    import soxr

    ratio = 2.0 ** (semitones / 12.0)
    return np.asarray(soxr.resample(samples, ratio, 1.0, quality="LQ"), np.float32)
