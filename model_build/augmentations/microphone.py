"""Colours samples like a cheap microphone."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
PEAKS = 3
LOWEST_HZ, HIGHEST_HZ = 100.0, 7_000.0
Q_RANGE = (0.5, 2.0)
LOW_PASS_ORDER = 8


def microphone(
    samples: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    peak_db: tuple[float, float],
    high_pass_hz: tuple[float, float],
) -> NDArray[np.float32]:
    """Return the samples, shape (n,), filtered by a random high-pass and three random resonances.

    `peak_db` is the range of a resonance's gain, `high_pass_hz` that of the corner frequency.
    """
    from scipy.signal import sosfilt

    sections = [_high_pass(rng.uniform(*high_pass_hz))]
    for _ in range(PEAKS):
        centre_hz = float(np.exp(rng.uniform(np.log(LOWEST_HZ), np.log(HIGHEST_HZ))))
        sections.append(peaking(centre_hz, rng.uniform(*peak_db), rng.uniform(*Q_RANGE)))
    return np.asarray(sosfilt(np.array(sections), samples), np.float32)


def low_pass(samples: NDArray[np.float32], *, corner_hz: float) -> NDArray[np.float32]:
    """Return the samples, shape (n,), without most of what is above the corner frequency.

    Its slope is steep, like that of a lossy codec at a low bit rate.
    """
    from scipy.signal import butter, sosfilt

    sections = butter(LOW_PASS_ORDER, corner_hz, fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(sosfilt(sections, samples), np.float32)


def peaking(centre_hz: float, gain_db: float, q: float) -> list[float]:
    """Return a resonance as one biquad section b0 b1 b2 1 a1 a2.

    Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients", peakingEQ.
    """
    turn = 2.0 * np.pi * centre_hz / SAMPLE_RATE_HZ
    amplitude = 10.0 ** (gain_db / 40.0)
    alpha = np.sin(turn) / (2.0 * q)
    numerator = [1.0 + alpha * amplitude, -2.0 * np.cos(turn), 1.0 - alpha * amplitude]
    denominator = [1.0 + alpha / amplitude, -2.0 * np.cos(turn), 1.0 - alpha / amplitude]
    return [float(c / denominator[0]) for c in numerator + denominator]


def _high_pass(corner_hz: float) -> list[float]:
    """Return a second-order Butterworth high-pass, the cookbook's HPF with a Q of 0.707."""
    turn = 2.0 * np.pi * corner_hz / SAMPLE_RATE_HZ
    alpha = np.sin(turn) / np.sqrt(2.0)
    side = (1.0 + np.cos(turn)) / 2.0
    numerator = [side, -2.0 * side, side]
    denominator = [1.0 + alpha, -2.0 * np.cos(turn), 1.0 - alpha]
    return [float(c / denominator[0]) for c in numerator + denominator]
