"""Sound without harmony: joined negatives of the corpus, and computed household noise."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_build.practice.joined_negatives import by_fours, read_clip
from model_build.rendering.household.noises import SORTS, household_noise

_HOUSEHOLD_SECONDS = 12.0


def joined(
    paths: list[Path], rng: np.random.Generator, most: int | None = None
) -> Iterator[NDArray[np.float32]]:
    """Yield clips in random order, four at a time, at most `most` times; silence is left out."""
    for group in list(by_fours(paths, rng))[:most]:
        sound = np.concatenate([read_clip(path) for path in group])
        if sound.any():
            yield sound


def household_sounds(rng: np.random.Generator, of_each: int) -> Iterator[NDArray[np.float32]]:
    """Yield computed noises of a home (n,), `of_each` of every sort, at random levels."""
    for sort in SORTS:
        for _ in range(of_each):
            gain = np.float32(10.0 ** (rng.uniform(-40.0, -6.0) / 20.0))
            yield gain * household_noise(sort, rng, _HOUSEHOLD_SECONDS)
