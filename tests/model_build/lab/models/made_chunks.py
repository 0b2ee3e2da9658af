"""Chunks that a model can tell apart, and those that it cannot."""

import numpy as np

from model_build.lab.features.truth import Truth
from model_build.lab.models.model import TrainingSet

CLASSES = ("high", "low", "middle")
FRAMES, VALUES = 40, 32


def made(count: int = 60, seed: int = 1, *, has_noise: bool = True) -> TrainingSet:
    """Return chunks in which each class has energy in bands of its own."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 3, count)
    values = rng.normal(0.0, 0.3 if has_noise else 0.0, (count, FRAMES, VALUES))
    for chunk, one in zip(values, place, strict=True):
        chunk[:, one * 10 : one * 10 + 10] += 1.0
    has = np.zeros((count, 3), np.bool_)
    has[np.arange(count), place] = True
    return TrainingSet(
        values=values.astype(np.float32),
        rows=np.arange(count),
        owners=np.arange(count),
        truth=Truth(CLASSES, has, np.ones_like(has)),
        weights=np.ones(count),
        groups=[str(n) for n in range(count)],
    )
