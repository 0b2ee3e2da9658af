"""Sounds of known pitch for the tests of notes."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000

Samples = NDArray[np.float32]


def tone(midi: float, seconds: float, *, level: float = 0.3, partials: int = 8) -> Samples:
    """A decaying harmonic tone, its partials falling as 1 / n."""
    hz = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    sound = np.zeros_like(time)
    for n in range(1, partials + 1):
        if n * hz < SAMPLE_RATE_HZ / 2:
            sound += np.sin(2 * np.pi * n * hz * time) / n
    envelope = np.minimum(time / 0.005, 1.0) * np.exp(-2.0 * time)
    return np.asarray(level * sound * envelope, np.float32)
