"""Pooled features: statistics of each value over the frames of a chunk."""

import numpy as np
from numpy.typing import NDArray

from model_build.lab.features.reading import Chunks, read_parts


def pooled(values: Chunks, rows: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Return mean, deviation, lowest and highest value over time, (chunks, 4 x values).

    `rows` selects chunks. Only some chunks at a time are read from disk.
    """
    rows = np.arange(len(values)) if rows is None else rows
    parts = (_statistics(part.astype(np.float64)) for part in read_parts(values, rows))
    return np.concatenate(list(parts))


def _statistics(chunks: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate(
        [chunks.mean(axis=1), chunks.std(axis=1), chunks.min(axis=1), chunks.max(axis=1)], axis=1
    )
