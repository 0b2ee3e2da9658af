"""Magnitudes of the semitones of the instrument's own tuning, from spectra."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from daemon.practice.spectrum import BINS, HZ_PER_BIN

LOWEST_MIDI = 33
SEMITONES = 60
"""From LOWEST_MIDI (A1, 55 Hz) to G#6 (1 661 Hz)."""


def semitone_magnitudes(spectra: NDArray[np.float32], cents: float) -> NDArray[np.float32]:
    """Return the magnitudes (frames, SEMITONES) of spectra (frames, BINS).

    `cents` is the tuning relative to A4 = 440 Hz. A partial between two semitones counts for both,
    by its distance.
    """
    weighed: NDArray[np.float32] = spectra @ _triangles(round(cents))
    return weighed


@lru_cache(maxsize=8)
def _triangles(cents: int) -> NDArray[np.float32]:
    """Return the weights (BINS, SEMITONES) of the bins: triangles of a semitone to each side."""
    hz = np.maximum(np.arange(BINS) * HZ_PER_BIN, 1.0)
    midi = 69.0 + 12.0 * np.log2(hz / 440.0) - cents / 100.0
    centre = LOWEST_MIDI + np.arange(SEMITONES)
    weights: NDArray[np.float64] = np.maximum(0.0, 1.0 - np.abs(midi[:, None] - centre))
    return weights.astype(np.float32)
