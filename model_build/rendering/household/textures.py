"""Household noises made of many small sounds: water, rain, fire and rustling."""

import numpy as np

from model_build.rendering.household.events import bubble, knock, scattered
from model_build.rendering.household.signals import Rng, Samples, as_samples, drift, noise


def water(rng: Rng, size: int) -> Samples:
    """Return a tap or a shower: noise with many bubbles."""
    bubbles = scattered(rng, size, lambda: bubble(rng), rng.uniform(5.0, 60.0))
    return noise(rng, size, rng.uniform(0.0, 0.8)) + rng.uniform(0.5, 4.0) * bubbles


def rain(rng: Rng, size: int) -> Samples:
    """Return rain drops on a window pane."""
    drops = scattered(
        rng, size, lambda: knock(rng, 1500.0, 6500.0, 0.004), rng.uniform(20.0, 200.0)
    )
    return 0.1 * noise(rng, size, 0.5) + drops


def fire(rng: Rng, size: int) -> Samples:
    """Return a fire: crackling over a low roar."""
    cracks = scattered(rng, size, lambda: knock(rng, 800.0, 7000.0, 0.003), rng.uniform(5.0, 25.0))
    return cracks + rng.uniform(0.02, 0.1) * noise(rng, size, 1.6)


def rustle(rng: Rng, size: int) -> Samples:
    """Return the rustle of paper, bags or clothes: bursts of bright noise."""
    bursts = np.maximum(0.0, drift(rng, size, 12.0, 2.0) - 1.0) ** 2
    crackle = scattered(rng, size, lambda: knock(rng, 2000.0, 7500.0, 0.002), 60.0)
    return as_samples(bursts * (noise(rng, size, 0.2) + 2.0 * crackle)) + 1e-3 * noise(rng, size, 0)
