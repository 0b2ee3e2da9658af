"""Household noises of machines: random generator and number of samples in, samples out."""

import numpy as np

from model_build.rendering.household.events import knock, repeated
from model_build.rendering.household.signals import (
    Rng,
    Samples,
    as_samples,
    drift,
    motor,
    noise,
    time_seconds,
    whine,
)

BUZZER_PROBABILITY = 0.3  # of beeps: a square wave instead of a sine


def hum(rng: Rng, size: int) -> Samples:
    """Return the hum of a transformer: harmonics of the mains frequency."""
    mains_hz = rng.choice([50.0, 60.0])
    harmonics = np.arange(1, 13)[:, None]
    weights = rng.uniform(0.0, 1.0, harmonics.shape) / harmonics ** rng.uniform(0.5, 1.5)
    tones = np.sin(
        2 * np.pi * harmonics * mains_hz * time_seconds(size) + 6.3 * rng.random((12, 1))
    )
    return as_samples((weights * tones).sum(axis=0)) + 0.02 * noise(rng, size, 1.0)


def hiss(rng: Rng, size: int) -> Samples:
    """Return noise of a random colour whose loudness changes slowly."""
    return as_samples(noise(rng, size, rng.uniform(0.0, 2.0)) * drift(rng, size, 0.3, 0.5))


def fan(rng: Rng, size: int) -> Samples:
    """Return a fan: air, modulated by the blades, and a low motor."""
    blades_hz = rng.uniform(8.0, 120.0)
    air = noise(rng, size, rng.uniform(0.8, 2.0))
    beating = 1.0 + rng.uniform(0.05, 0.4) * np.sin(2 * np.pi * blades_hz * time_seconds(size))
    return as_samples(air * beating + rng.uniform(0.0, 0.4) * motor(rng, size, blades_hz * 2))


def vacuum(rng: Rng, size: int) -> Samples:
    """Return a vacuum cleaner: air, and a motor whose pitch changes as the nozzle moves."""
    turns_hz = rng.uniform(150.0, 420.0) * (1.0 + 0.05 * (drift(rng, size, 0.8, 1.0) - 1.0))
    return noise(rng, size, rng.uniform(0.3, 1.0)) + rng.uniform(0.1, 0.5) * whine(turns_hz)


def hair_dryer(rng: Rng, size: int) -> Samples:
    """Return a hair dryer: higher than a vacuum cleaner, switched between two speeds."""
    fast = np.arange(size) > rng.uniform(0.2, 1.0) * size
    turns_hz = rng.uniform(250.0, 500.0) * np.where(fast, 1.0, rng.uniform(0.6, 1.0))
    return noise(rng, size, 0.2) + rng.uniform(0.05, 0.3) * whine(turns_hz)


def washing_machine(rng: Rng, size: int) -> Samples:
    """Return a washing machine: thuds and splashes of a turning drum, over a motor."""
    turn_hz = rng.uniform(0.6, 2.5)
    thuds = repeated(rng, size, lambda: knock(rng, 60.0, 200.0, 0.08), turn_hz, jitter=0.1)
    splash = noise(rng, size, 1.0) * (1.0 + np.sin(2 * np.pi * turn_hz * time_seconds(size)))
    return as_samples(thuds + rng.uniform(0.05, 0.3) * splash + 0.3 * motor(rng, size, 100.0))


def fridge(rng: Rng, size: int) -> Samples:
    """Return the low rattle of a fridge's compressor."""
    compressor = hum(rng, size) + 0.5 * noise(rng, size, 2.0)
    return as_samples(
        compressor * (1.0 + 0.3 * np.sin(2 * np.pi * rng.uniform(10.0, 25.0) * time_seconds(size)))
    )


def beeps(rng: Rng, size: int) -> Samples:
    """Return the beeps of an oven or an alarm clock: one pitch, switched on and off."""
    period_seconds = rng.uniform(0.15, 1.2)
    on = time_seconds(size) % period_seconds < rng.uniform(0.3, 0.7) * period_seconds
    tone = np.sin(2 * np.pi * rng.uniform(900.0, 4000.0) * time_seconds(size))
    buzz = np.sign(tone) if rng.random() < BUZZER_PROBABILITY else tone
    return as_samples(np.where(on, buzz, 0.0)) + 0.003 * noise(rng, size, 1.0)
