"""Chords by their templates: the harmonics of the three notes of a triad."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_features import chroma
from daemon.practice.harmony.chord_network import log_normalised
from daemon.practice.harmony.semitones import LOWEST_MIDI

_HARMONICS = 6
_DECAY = 0.6  # of each harmonic, relative to the one before
_LOWEST_MIDI = 45
_SHARPNESS = 20.0  # of the chances, for a cosine similarity of 1
_NETWORK_SHARE, _TEMPLATE_SHARE = 0.75, 0.75


def template_log_chances(magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logarithms of the chances (frames, 24) of the chords, each by its template."""
    high = magnitudes.copy()
    high[:, : _LOWEST_MIDI - LOWEST_MIDI] = 0.0
    seen = chroma(np.sqrt(high))
    seen /= np.linalg.norm(seen, axis=1, keepdims=True) + 1e-9
    return log_normalised((_SHARPNESS * (seen @ TEMPLATES.T)).astype(np.float32))


def blended(network: NDArray[np.float32], templates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return scores (frames, 25): the network's, whose chords (the first 24) are blended."""
    scores = network.copy()
    scores[:, :-1] = _NETWORK_SHARE * network[:, :-1] + _TEMPLATE_SHARE * templates
    return scores


def _templates() -> NDArray[np.float32]:
    """Return the chroma (24, 12) of major and minor triads on each root, of length 1."""
    number = np.arange(1, _HARMONICS + 1)
    semitones = np.rint(12.0 * np.log2(number)).astype(int)
    note = np.bincount(semitones % 12, _DECAY ** (number - 1), minlength=12)
    rows = [
        sum(np.roll(note, root + step) for step in (0, third, 7))
        for third in (4, 3)
        for root in range(12)
    ]
    triads = np.array(rows)
    unit: NDArray[np.float64] = triads / np.linalg.norm(triads, axis=1, keepdims=True)
    return unit.astype(np.float32)


TEMPLATES = _templates()
