"""Continuous signals that household noises are made of: noise, drift and motors."""

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.noise import coloured

Samples = NDArray[np.float32]
Rng = np.random.Generator


def time_seconds(size: int) -> NDArray[np.float64]:
    """Return the time of each sample in seconds, (size,)."""
    return np.arange(size) / SAMPLE_RATE_HZ


def as_samples(values: NDArray[np.floating]) -> Samples:
    """Return the values as float32."""
    return np.asarray(values, np.float32)


def noise(rng: Rng, size: int, exponent: float) -> Samples:
    """Return noise of RMS 1: `exponent` 0 is white, 1 pink, 2 brown."""
    return coloured(rng, size, exponent=exponent)


def drift(rng: Rng, size: int, rate_hz: float, depth: float) -> NDArray[np.float64]:
    """Return a random gain around 1, (size,), that changes about `rate_hz` times a second."""
    knots = max(4, round(size / SAMPLE_RATE_HZ * rate_hz) + 2)
    values = np.maximum(0.0, 1.0 + depth * rng.uniform(-1.0, 1.0, knots))
    return np.interp(np.linspace(0.0, knots - 1.0, size), np.arange(knots), values)


def whine(turns_hz: NDArray[np.float64]) -> Samples:
    """Return the harmonics of a motor, whose speed is `turns_hz` at each sample."""
    turns = np.cumsum(turns_hz) / SAMPLE_RATE_HZ
    harmonics = [np.sin(2 * np.pi * turns * n) / n for n in range(1, 8)]
    return as_samples(np.sum(harmonics, axis=0))


def motor(rng: Rng, size: int, turns_hz: float) -> Samples:
    """Return the sound of a motor at about `turns_hz`, slightly unsteady."""
    return whine(turns_hz * (1.0 + 0.02 * (drift(rng, size, 2.0, 1.0) - 1.0)))
