"""Which of the 24 keys the music is in, and how certain that is.

Keys are numbered like chords: major on C, C-sharp, ..., B, then minor.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_features import chroma, whitened
from daemon.practice.harmony.chord_network import NO_CHORD
from daemon.practice.harmony.semitones import LOWEST_MIDI

KEYS = 24
FIGURES = 7
"""Figures that the confidence of a key is computed from."""

# How often each degree sounds in major and in minor: Albrecht and Shanahan, "The use of large
# corpora to train a new type of key-finding algorithm" (2013), table 1.
_PROFILES = np.array(
    [
        [0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081],
        [0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052],
    ]
)
_LOWEST_MIDI = 45
_COMPRESSION = 100.0

# The chance of each chord in a key, from what harmony textbooks call common: semitones of the root
# above the tonic, major (0) or minor (1), chance. Others have _RARE.
_IN_MAJOR = (
    *((0, 0, 0.30), (7, 0, 0.20), (5, 0, 0.18), (9, 1, 0.10), (2, 1, 0.07), (4, 1, 0.05)),
    *((10, 0, 0.03), (2, 0, 0.02), (4, 0, 0.01), (9, 0, 0.01), (5, 1, 0.01)),
)
_IN_MINOR = (
    *((0, 1, 0.30), (5, 1, 0.13), (10, 0, 0.12), (8, 0, 0.11), (3, 0, 0.11), (7, 0, 0.09)),
    *((7, 1, 0.08), (5, 0, 0.02), (2, 1, 0.01)),
)
_RARE = 0.002
_CHORDS_WEIGHT = 2.5  # of the chords' evidence, relative to the profile's


class KeyEvidence(NamedTuple):
    """What speaks for each key."""

    scores: NDArray[np.float64]
    """Standardised evidence (KEYS,); the highest is the likeliest key."""
    figures: NDArray[np.float64]
    """The figures (FIGURES,) that the confidence is computed from."""

    @property
    def best(self) -> int:
        """The likeliest key."""
        return int(self.scores.argmax())


class Steadiness(NamedTuple):
    """How much of the sound consists of steady partials that agree in their tuning."""

    agreement: float
    """0..1: how closely the partials agree."""
    share: float
    """0..1: frames with steady partials."""


def key_evidence(
    magnitudes: NDArray[np.float32],
    scores: NDArray[np.float32],
    log_chances: NDArray[np.float32],
    steadiness: Steadiness,
) -> KeyEvidence:
    """Weigh the keys of semitone magnitudes (frames, SEMITONES).

    `scores` (frames, 25) are the blended scores of the chords, `log_chances` (frames, 25) those of
    the network alone.
    """
    correlations = profile_correlations(_heard_chroma(magnitudes))
    music = 1.0 - np.exp(log_chances[:, NO_CHORD].astype(np.float64))
    evidence = _chord_evidence(scores[:, :NO_CHORD].astype(np.float64), music)
    total = _standardised(correlations) + _CHORDS_WEIGHT * _standardised(evidence)
    ordered = np.sort(total)
    clearest = np.exp(log_chances[:, :NO_CHORD]).max(axis=1)
    figures = np.array(
        [
            correlations.max(),
            music.mean(),
            ordered[-1] - ordered[-2],
            clearest.mean(),
            evidence.max() / 3.0,
            steadiness.agreement,
            steadiness.share,
        ]
    )
    return KeyEvidence(total, figures)


def confidence(figures: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the probability 0..1 that there is a key and that it is right or close to it.

    `weights` (FIGURES + 1,) are those of the figures, then the bias.
    """
    return float(1.0 / (1.0 + np.exp(-(np.append(figures, 1.0) @ weights))))


def profile_correlations(heard: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the correlations (KEYS,) of a chroma (12,) with each key's profile."""
    centred = _standardised(heard)
    rows = [
        np.roll(_standardised(profile), tonic) @ centred / 12.0
        for profile in _PROFILES
        for tonic in range(12)
    ]
    return np.array(rows)


def _heard_chroma(magnitudes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how much each pitch class (12,) sounds, compressed, so that no note outweighs all.

    Compression would also raise echo and noise, so that their floor is taken away before.
    """
    clean = whitened(magnitudes)
    typical = float(np.quantile(clean.max(axis=1), 0.95)) + 1e-9
    loud = np.log1p(_COMPRESSION * clean / typical).mean(axis=0)
    loud[: _LOWEST_MIDI - LOWEST_MIDI] = 0.0
    return chroma(np.asarray(loud, np.float32)).astype(np.float64)


def _chord_evidence(scores: NDArray[np.float64], music: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean log-chance (KEYS,) of the frames' chords, weighed by `music` (frames,)."""
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    logs = np.log(chances @ _CHORDS_OF_KEYS.T + 1e-9)
    mean: NDArray[np.float64] = music @ logs / (music.sum() + 1e-9)
    return mean


def _chords_of_keys() -> NDArray[np.float64]:
    """Return the chance of each chord in each key, (KEYS, 24)."""
    table = np.full((KEYS, KEYS), _RARE)
    for mode, chords in enumerate((_IN_MAJOR, _IN_MINOR)):
        for tonic in range(12):
            for step, quality, chance in chords:
                table[12 * mode + tonic, (tonic + step) % 12 + 12 * quality] += chance
    chances: NDArray[np.float64] = table / table.sum(axis=1, keepdims=True)
    return chances


_CHORDS_OF_KEYS = _chords_of_keys()


def _standardised(values: NDArray[np.floating]) -> NDArray[np.float64]:
    exact = np.asarray(values, np.float64)
    standardised: NDArray[np.float64] = (exact - exact.mean()) / (exact.std() + 1e-9)
    return standardised
