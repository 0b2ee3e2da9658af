"""Make the sounds of machines: hum of transformers, refrigerators, fans."""

import numpy as np
from numpy.typing import NDArray

from tests.daemon.practice.voices import RATE_HZ, Samples


def mains_hum(mains_hz: float, seconds: float, seed: int, *, level_dbfs: float = -25.0) -> Samples:
    """Return hum with random harmonics, as bright as a lamp's or as dull as a transformer's."""
    rng = np.random.default_rng(seed)
    count, slope = int(rng.integers(2, 16)), rng.choice([0.0, 0.5, 1.0, 1.5])
    gains = rng.uniform(0.2, 1.0, count) * np.arange(1, count + 1) ** -slope
    sound = _harmonics(mains_hz, gains, seconds, rng)
    sound += rng.choice([0.0, 0.01, 0.03]) * rng.standard_normal(len(sound))
    return _levelled(sound, level_dbfs)


def refrigerator(mains_hz: float, seconds: float, seed: int) -> Samples:
    """Return a compressor that starts in the first two seconds, with the noise of its gas."""
    rng = np.random.default_rng(seed)
    gains = rng.uniform(0.0, 1.0, 7) / np.arange(1, 8) ** 0.7
    sound = _harmonics(2.0 * mains_hz, gains, seconds, rng)
    beating = np.sin(2.0 * np.pi * rng.uniform(0.5, 6.0) * np.arange(len(sound)) / RATE_HZ)
    sound *= 1.0 + 0.2 * beating
    sound += rng.uniform(0.2, 2.0) * _coloured(len(sound), 1.0, rng)
    sound[: int(rng.uniform(0.0, 2.0) * RATE_HZ)] *= 0.02
    return _levelled(sound, -30.0)


def fan(seconds: float, seed: int) -> Samples:
    """Return the noise of a fan, with faint tones of its blades."""
    rng = np.random.default_rng(seed)
    blades_hz = rng.uniform(60.0, 400.0)
    sound = _harmonics(blades_hz, rng.uniform(0.0, 0.03, 3), seconds, rng)
    return _levelled(sound + _coloured(len(sound), rng.uniform(0.5, 2.0), rng), -30.0)


def microwave_oven(mains_hz: float, seconds: float, seed: int) -> Samples:
    """Return a transformer with strong high lines, which is switched on, beside a fan."""
    rng = np.random.default_rng(seed)
    gains = rng.uniform(0.0, 1.0, 20) / np.arange(1, 21) ** 0.6
    sound = _harmonics(2.0 * mains_hz, gains, seconds, rng)
    air = fan(seconds, seed)
    sound = sound / sound.std() + 0.6 * air / air.std()
    sound[: int(rng.uniform(0.2, 1.5) * RATE_HZ)] *= 0.05
    return _levelled(sound, -25.0)


def motor(first_hz: float, last_hz: float, seconds: float, seed: int) -> Samples:
    """Return a motor that speeds up from one frequency to another."""
    rng = np.random.default_rng(seed)
    time_share = np.linspace(0.0, 1.0, round(seconds * RATE_HZ))
    turns = np.cumsum(first_hz + (last_hz - first_hz) * time_share) / RATE_HZ
    sound = np.sum([np.sin(2.0 * np.pi * k * turns + k) / k for k in range(1, 7)], axis=0)
    return _levelled(sound + 0.3 * _coloured(len(sound), 1.5, rng), -25.0)


def _harmonics(
    hz: float, gains: NDArray[np.float64], seconds: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    time_seconds = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    phases = rng.uniform(0.0, 2.0 * np.pi, len(gains))
    parts = enumerate(zip(gains, phases, strict=True), start=1)
    total: NDArray[np.float64] = np.sum(
        [g * np.sin(2.0 * np.pi * k * hz * time_seconds + phase) for k, (g, phase) in parts], axis=0
    )
    return total


def _coloured(samples: int, slope: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise whose power falls with the frequency, with a peak of 1."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1) ** (-slope / 2.0)
    noise = np.fft.irfft(spectrum, samples)
    return np.asarray(noise / np.abs(noise).max())


def _levelled(sound: NDArray[np.float64], dbfs: float) -> Samples:
    level = 10.0 ** (dbfs / 20.0) / np.sqrt(np.mean(sound**2))
    return np.asarray(np.clip(level * sound, -1.0, 1.0), np.float32)
