"""Short sounds that household noises are made of, and their placement in time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.rendering.household.signals import Rng, Samples, as_samples, time_seconds


def knock(rng: Rng, low_hz: float, high_hz: float, seconds: float) -> NDArray[np.float64]:
    """Return a click and the inharmonic ring of an object that is hit, peak about 1.

    The ring decays within about `seconds`.
    """
    time = time_seconds(round(10 * seconds * SAMPLE_RATE_HZ) + 1)
    ring_hz = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), (6, 1)))
    ring_seconds = seconds * rng.uniform(0.3, 1.0, (6, 1))
    ring = (np.sin(2 * np.pi * ring_hz * time) * np.exp(-time / ring_seconds)).sum(axis=0)
    click = rng.standard_normal(len(time)) * np.exp(-time / 0.002)
    return np.asarray((click + ring) / 3.0)


def bubble(rng: Rng) -> NDArray[np.float64]:
    """Return a drop of water: a decaying tone of rising pitch."""
    time = time_seconds(round(0.05 * SAMPLE_RATE_HZ))
    hz = rng.uniform(400.0, 2500.0) * (1.0 + rng.uniform(2.0, 12.0) * time)
    return np.asarray(np.sin(2 * np.pi * hz * time) * np.exp(-time / rng.uniform(0.005, 0.02)))


def repeated(
    rng: Rng,
    size: int,
    sound: Callable[[], NDArray[np.float64]],
    rate_hz: float,
    *,
    jitter: float,
) -> Samples:
    """Return sounds at `rate_hz`, each late by up to `jitter` intervals and of random loudness.

    `sound` is called for each one.
    """
    interval = SAMPLE_RATE_HZ / rate_hz
    starts = np.arange(rng.uniform(0.0, interval), size, interval)
    return _placed(rng, size, sound, starts + jitter * interval * rng.random(len(starts)))


def scattered(
    rng: Rng, size: int, sound: Callable[[], NDArray[np.float64]], rate_hz: float
) -> Samples:
    """Return sounds at random times, about `rate_hz` per second, at least one."""
    count = 1 + int(rng.poisson(rate_hz * size / SAMPLE_RATE_HZ))
    return _placed(rng, size, sound, rng.uniform(0.0, 0.95 * size, count))


def _placed(
    rng: Rng,
    size: int,
    sound: Callable[[], NDArray[np.float64]],
    starts: NDArray[np.float64],
) -> Samples:
    """Return the sum of sounds that start at the given samples, each of random loudness."""
    samples = np.zeros(size)
    for start in starts.astype(int):
        placed = sound()[: max(0, size - start)]
        samples[start : start + len(placed)] += rng.uniform(0.3, 1.0) * placed
    return as_samples(samples)
