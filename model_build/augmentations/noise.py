"""Adds a background to samples at a given SNR, and generates coloured noise."""

import numpy as np
from numpy.typing import NDArray


def noise(
    samples: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    background: NDArray[np.float32],
    snr_db: float,
) -> NDArray[np.float32]:
    """Return the samples, shape (n,), plus the background, which starts at a random offset.

    The background is repeated as needed. `snr_db` is the exact ratio of the mean powers over the n
    samples. If either is silent, the samples are returned unchanged.
    """
    offset = int(rng.integers(len(background)))
    shifted = np.resize(np.roll(background, -offset), len(samples))
    power, background_power = _power(samples), _power(shifted)
    if power == 0.0 or background_power == 0.0:
        return samples.copy()
    gain = np.sqrt(power / background_power * 10.0 ** (-snr_db / 10.0))
    return samples + np.float32(gain) * shifted


def coloured(rng: np.random.Generator, samples: int, *, exponent: float) -> NDArray[np.float32]:
    """Return Gaussian noise, shape (samples,), of RMS 1 and power 1 / frequency ** exponent.

    An exponent of 0 is white, 1 pink, 2 brown. The noise is shaped in the frequency domain, after
    Timmer and Koenig, "On generating power law noise" (1995).
    """
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    bins = np.arange(len(spectrum), dtype=np.float64)
    bins[0] = np.inf if exponent else 1.0
    shaped = np.fft.irfft(spectrum * bins ** (-exponent / 2.0), samples)
    return np.asarray(shaped / np.sqrt(_power(shaped)), np.float32)


def _power(samples: NDArray[np.floating]) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))
