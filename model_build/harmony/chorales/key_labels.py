"""The keys of chorales from all four voices, and the tables for the key of a melody."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.keys import MODES, Key
from daemon.practice.harmoniser.melody_key import KeyTables
from model_build.harmony.chorales.chorale_sets import Chorale, beats

# How often each degree sounds in major and minor, in semitones above the tonic: J. Albrecht and
# D. Shanahan, "The use of large corpora to train a new type of key-finding algorithm" (2013).
_PROFILES = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
# The notes of a chorale depend on each other: they count as this many independent ones.
_NOTES = 60.0
# Nearly all chorales end with the tonic in the bass.
_LAST_BASS, _OTHER_BASS = 0.9, 0.1 / 11
_SMOOTHING = 2.0


def chorale_key(chorale: Chorale) -> Key:
    """Return the key of a chorale from its four voices and its last bass note."""
    sounding = beats(chorale)
    pitches = sounding[sounding >= 0] % 12
    shares = np.bincount(pitches, minlength=12) / len(pitches)
    bass = sounding[sounding[:, 3] >= 0, 3]

    def score(key: Key) -> float:
        profile = np.log(_PROFILES[key.mode])
        last = _LAST_BASS if bass[-1] % 12 == key.tonic else _OTHER_BASS
        return float(_NOTES * (np.roll(shares, -key.tonic) @ profile) + np.log(last))

    return max((Key(tonic, mode) for mode in MODES for tonic in range(12)), key=score)


def learn_key_tables(chorales: Sequence[Chorale]) -> KeyTables:
    """Return the tables for `melody_key`, counted in the sopranos of the chorales."""
    degrees = np.full((2, 12), _SMOOTHING)
    last = np.full((2, 12), _SMOOTHING)
    for chorale in chorales:
        key = chorale_key(chorale)
        row = MODES.index(key.mode)
        soprano = chorale[:, 0]
        relative = (soprano[soprano >= 0] - key.tonic) % 12
        degrees[row] += np.bincount(relative, minlength=12)
        last[row, relative[-1]] += 1
    return KeyTables(degrees=_log_shares(degrees), last=_log_shares(last))


def _log_shares(counts: NDArray[np.float64]) -> list[list[float]]:
    shares: NDArray[np.float64] = np.log(counts / counts.sum(axis=1, keepdims=True))
    return [[round(float(value), 4) for value in row] for row in shares]
