"""The chunks from which the ranges of the int8 values come."""

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd
from model_build.lab.features.reading import Chunks
from model_build.lab.features.store import Features

_MOST_CHUNKS = 300


def representative_chunks(
    features: Features, rows: NDArray[np.int64], front_end: FrontEnd
) -> Chunks:
    """Return some chunks of the recordings in `rows`, spread evenly, and one of silence."""
    chosen = np.flatnonzero(np.isin(features.owners, rows))
    places = np.unique(np.linspace(0, len(chosen) - 1, _MOST_CHUNKS).round().astype(int))
    chunks = np.array(features.values[chosen[places]])
    silence = np.full_like(chunks[:1], np.log(front_end.log_offset))
    return np.concatenate([chunks, silence])
