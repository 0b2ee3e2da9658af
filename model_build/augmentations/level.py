"""Samples in, the same samples at another level out."""

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.scorer import level_dbfs


def level(samples: NDArray[np.float32], *, dbfs: float) -> NDArray[np.float32]:
    """Return the samples, shape (n,), at an RMS level against full scale; silence stays silence.

    What exceeds full scale is clipped, as a converter does.
    """
    if not samples.any():
        return samples.copy()
    # Twice, because the first is only right to the daemon's floor of -120 dBFS.
    peak = np.float32(np.abs(samples).max())
    unit = samples / peak
    gain = 10.0 ** ((dbfs - level_dbfs(unit)) / 20.0)
    return np.asarray(np.clip(unit * np.float32(gain), -1.0, 1.0), np.float32)
