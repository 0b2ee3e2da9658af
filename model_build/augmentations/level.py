"""Changes the level of samples."""

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.scorer import level_dbfs


def level(samples: NDArray[np.float32], *, dbfs: float) -> NDArray[np.float32]:
    """Return the samples, shape (n,), at an RMS level of `dbfs`, clipped at full scale.

    Silent samples are returned unchanged.
    """
    if not samples.any():
        return samples.copy()
    # Normalize the peak first, because `level_dbfs` has a floor of -120 dBFS.
    peak = np.float32(np.abs(samples).max())
    unit = samples / peak
    gain = 10.0 ** ((dbfs - level_dbfs(unit)) / 20.0)
    return np.asarray(np.clip(unit * np.float32(gain), -1.0, 1.0), np.float32)
