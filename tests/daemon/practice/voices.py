"""Make the sounds of single voices with known pitches."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
RATE_HZ = 16_000


def hertz(midi: float) -> float:
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


def tone(
    hz: float,
    seconds: float = 1.0,
    *,
    harmonics: int = 12,
    vibrato_hz: float = 0.0,
    vibrato_cents: float = 0.0,
) -> Samples:
    """Return a tone (n,) of falling harmonics below 7.6 kHz, with soft edges."""
    time_seconds = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    cents = vibrato_cents * np.sin(2.0 * np.pi * vibrato_hz * time_seconds)
    phase = 2.0 * np.pi * np.cumsum(hz * 2.0 ** (cents / 1200.0)) / RATE_HZ
    heard = [k for k in range(1, harmonics + 1) if k * hz < 7_600.0]
    sound = sum(np.sin(k * phase + k * k) / k for k in heard)
    edge = np.clip(np.minimum(time_seconds, time_seconds[::-1]) / 0.02, 0.0, 1.0)
    return np.asarray(0.2 * sound * edge, np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def scale(
    midis: Sequence[float], seconds: float = 0.6, gap_seconds: float = 0.1, harmonics: int = 12
) -> Samples:
    """Return the pitches one after the other."""
    parts = [
        part
        for midi in midis
        for part in (tone(hertz(midi), seconds, harmonics=harmonics), silence(gap_seconds))
    ]
    return np.concatenate(parts)


def noisy(sound: Samples, snr_db: float, seed: int = 0) -> Samples:
    """Return the sound plus white noise."""
    noise = np.random.default_rng(seed).standard_normal(len(sound))
    noise *= sound.std() * 10.0 ** (-snr_db / 20.0)
    return (sound + noise).astype(np.float32)


def hum(mains_hz: float, seconds: float) -> Samples:
    """Return mains hum: a fundamental and its weaker harmonics."""
    time_seconds = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    parts = zip((1, 2, 3, 4, 6), (1.0, 0.6, 0.4, 0.2, 0.1), strict=True)
    return np.asarray(
        0.05 * sum(g * np.sin(2 * np.pi * k * mains_hz * time_seconds + k) for k, g in parts),
        np.float32,
    )
