"""Household noises of objects that are hit, from taps to slamming doors."""

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.rendering.household.events import knock, repeated, scattered
from model_build.rendering.household.signals import Rng, Samples, as_samples, noise, time_seconds


def taps(rng: Rng, size: int) -> Samples:
    """Return fingers tapping on a table."""
    rate_hz = rng.uniform(2.0, 9.0)
    return repeated(rng, size, lambda: knock(rng, 200.0, 1500.0, 0.02), rate_hz, jitter=0.5)


def knocks(rng: Rng, size: int) -> Samples:
    """Return knocks on a door, a few at a time."""
    low_hz = rng.uniform(100.0, 250.0)
    steady = repeated(
        rng, size, lambda: knock(rng, low_hz, 4 * low_hz, 0.04), rng.uniform(3.0, 6.0), jitter=0.1
    )
    pause = np.arange(size) / SAMPLE_RATE_HZ % rng.uniform(1.5, 3.0) > rng.uniform(0.7, 1.3)
    return as_samples(np.where(pause, 0.0, steady)) + 1e-3 * noise(rng, size, 1.0)


def typing(rng: Rng, size: int) -> Samples:
    """Return typing on a computer keyboard: short clicks, each slightly different."""
    return scattered(rng, size, lambda: knock(rng, 1200.0, 7000.0, 0.006), rng.uniform(4.0, 12.0))


def clock(rng: Rng, size: int) -> Samples:
    """Return the ticking of a clock."""
    low_hz, seconds = rng.uniform(800.0, 3000.0), rng.uniform(0.003, 0.01)
    tick = knock(rng, low_hz, 2 * low_hz, seconds)
    return repeated(rng, size, lambda: tick, float(rng.choice([1.0, 2.0, 4.0])), jitter=0.0)


def steps(rng: Rng, size: int) -> Samples:
    """Return footsteps: thuds, each followed by a scrape."""

    def step() -> NDArray[np.float64]:
        thud = knock(rng, 60.0, 300.0, 0.05)
        scrape = noise(rng, len(thud), 0.5) * np.exp(-time_seconds(len(thud)) / 0.06)
        return thud + rng.uniform(0.02, 0.2) * scrape

    return repeated(rng, size, step, rng.uniform(1.3, 2.4), jitter=0.1)


def dishes(rng: Rng, size: int) -> Samples:
    """Return clinks of plates, cutlery and glasses, without a rhythm."""
    clinks = scattered(rng, size, lambda: knock(rng, 1500.0, 7500.0, 0.04), rng.uniform(1.0, 6.0))
    return clinks + 0.005 * noise(rng, size, 0.6)


def slams(rng: Rng, size: int) -> Samples:
    """Return one or a few bangs of doors, drawers or falling objects."""

    def bang() -> NDArray[np.float64]:
        hit = knock(rng, 40.0, 400.0, rng.uniform(0.05, 0.2))
        return hit + noise(rng, len(hit), 1.0) * np.exp(-time_seconds(len(hit)) / 0.08)

    return scattered(rng, size, bang, rng.uniform(0.3, 1.0)) + 1e-3 * noise(rng, size, 1.0)
