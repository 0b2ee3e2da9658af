"""Compresses the dynamics of samples, as broadcasters and small devices do."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from daemon.sound.window import SAMPLE_RATE_HZ

BLOCK_SAMPLES = 80  # the gain changes every 5 ms
CROSSOVERS_HZ = (250.0, 2_000.0)
ATTACK_SECONDS = (0.005, 0.03)
RELEASE_SECONDS = (0.05, 0.5)
THRESHOLD_DB = (-20.0, -6.0)  # relative to the RMS level of the band
MULTI_BAND_SHARE = 0.5
FLOOR = 1e-6


def compression(
    samples: NDArray[np.float32], rng: np.random.Generator, *, ratio: float
) -> NDArray[np.float32]:
    """Return the samples, shape (n,), compressed by `ratio`, in one or three bands.

    Attack, release and threshold are random. Sound that stays below the threshold is not changed.
    """
    bands = _bands(samples) if rng.random() < MULTI_BAND_SHARE else [samples]
    attack, release = rng.uniform(*ATTACK_SECONDS), rng.uniform(*RELEASE_SECONDS)
    threshold_db = rng.uniform(*THRESHOLD_DB)
    compressed = [
        band * _gain(band, ratio, threshold_db, attack_seconds=attack, release_seconds=release)
        for band in bands
    ]
    return np.asarray(np.sum(compressed, axis=0), np.float32)


def _bands(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return three bands that add up to the samples."""
    low, low_and_middle = (
        np.asarray(sosfilt(butter(2, hz, fs=SAMPLE_RATE_HZ, output="sos"), samples), np.float32)
        for hz in CROSSOVERS_HZ
    )
    return [low, low_and_middle - low, samples - low_and_middle]


def _gain(
    band: NDArray[np.float32],
    ratio: float,
    threshold_db: float,
    *,
    attack_seconds: float,
    release_seconds: float,
) -> NDArray[np.float32]:
    """Return the gain of every sample, (n,), from the level of the blocks up to it."""
    blocks = np.pad(band, (0, -len(band) % BLOCK_SAMPLES)).reshape(-1, BLOCK_SAMPLES)
    powers = np.mean(np.square(blocks), axis=1) + FLOOR**2
    levels_db = 10.0 * np.log10(powers / powers.mean())
    wanted_db = -np.maximum(0.0, levels_db - threshold_db) * (1.0 - 1.0 / ratio)
    block_seconds = BLOCK_SAMPLES / SAMPLE_RATE_HZ
    falling = 1.0 - np.exp(-block_seconds / attack_seconds)
    rising = 1.0 - np.exp(-block_seconds / release_seconds)
    gains_db, gain_db = np.empty(len(wanted_db)), 0.0
    for index, wanted in enumerate(wanted_db):
        gain_db += (wanted - gain_db) * (falling if wanted < gain_db else rising)
        gains_db[index] = gain_db
    ends = (np.arange(len(gains_db)) + 1) * BLOCK_SAMPLES
    each_db = np.interp(np.arange(len(band)), ends, gains_db)
    return np.asarray(10.0 ** (each_db / 20.0), np.float32)
