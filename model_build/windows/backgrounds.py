"""Adds other sound of the room to a window."""

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import WINDOW_SAMPLES
from model_build.augmentations.noise import coloured, noise
from model_build.recipe import Recipe
from model_build.rendering.household.steady_tones import steady_tone
from model_build.windows.clip_pool import ClipPool

COLOURS = (0.0, 2.0)  # exponents: white to brown
# Household noise is the most common background; speech and other sound are rarer.
WEIGHTS = {"noise": 0.7, "other": 0.15, "speech": 0.15}


class BackgroundSampler:
    """Draws backgrounds from the negatives of a pool, and their SNR from a range."""

    def __init__(self, recipe: Recipe, pool: ClipPool, snr_db: tuple[float, float]) -> None:
        self._recipe = recipe
        self._pool = pool
        self._snr_db = snr_db

    def add(self, samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return the samples with a background."""
        snr_db = rng.uniform(*self._snr_db)
        return noise(samples, rng, background=self._draw(rng), snr_db=snr_db)

    def _draw(self, rng: np.random.Generator) -> NDArray[np.float32]:
        if self._recipe.noise.steady_share and rng.random() < self._recipe.noise.steady_share:
            return steady_tone(rng, WINDOW_SAMPLES)
        sorts = [sort for sort in WEIGHTS if sort in self._pool.labels("negative")]
        if not sorts or rng.random() < self._recipe.windows.floor_share:
            return random_hiss(rng)
        weights = np.array([WEIGHTS[sort] for sort in sorts])
        sort = sorts[rng.choice(len(sorts), p=weights / weights.sum())]
        return self._pool.one("negative", sort, rng)


def random_hiss(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return noise of a random colour, (64 000,)."""
    return coloured(rng, WINDOW_SAMPLES, exponent=rng.uniform(*COLOURS))
