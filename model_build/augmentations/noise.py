"""Samples and something that sounds beside them in, both together at an SNR out."""

import numpy as np
from numpy.typing import NDArray


def noise(
    samples: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    background: NDArray[np.float32],
    snr_db: float,
) -> NDArray[np.float32]:
    """Return the samples, shape (n,), plus the background from a random place on, repeated.

    The ratio of their mean powers over the n samples is exact. Where either is silent there is no
    ratio, and the samples come back as they were.
    """
    offset = int(rng.integers(len(background)))
    beside = np.resize(np.roll(background, -offset), len(samples))
    power, beside_power = _power(samples), _power(beside)
    if power == 0.0 or beside_power == 0.0:
        return samples.copy()
    gain = np.sqrt(power / beside_power * 10.0 ** (-snr_db / 10.0))
    return samples + np.float32(gain) * beside


def coloured(rng: np.random.Generator, samples: int, *, exponent: float) -> NDArray[np.float32]:
    """Gaussian noise, shape (samples,), RMS 1, its power falling with frequency ** exponent.

    0 is white, 1 pink, 2 brown; shaped in the frequency domain after Timmer and Koenig, "On
    generating power law noise" (1995).
    """
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    bins = np.arange(len(spectrum), dtype=np.float64)
    bins[0] = np.inf if exponent else 1.0
    shaped = np.fft.irfft(spectrum * bins ** (-exponent / 2.0), samples)
    return np.asarray(shaped / np.sqrt(_power(shaped)), np.float32)


def _power(samples: NDArray[np.floating]) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))
