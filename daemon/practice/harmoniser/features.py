"""What the network sees of a melody: its symbols and features of each beat."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.voices import (
    LOWEST_MIDI,
    OUTSIDE,
    REST,
    STEPS_PER_BEAT,
    Ints,
)

Floats = NDArray[np.float32]

REACH_BEATS: Final = 15
"""Beats before and after the current one that the network sees of the melody."""
HISTORY_BEATS: Final = 16
"""Earlier beats that the network sees of the lower voices."""
CONTEXT_BEATS: Final = HISTORY_BEATS - 1 + REACH_BEATS
"""Beats of melody before the first one that the network needs; those before the beginning are
OUTSIDE."""

_BAR_BEATS = 4
_LAST_BEATS = 16
_NEAR_BEATS = 8
_INSIDE = 1
FEATURES: Final = STEPS_PER_BEAT + 2 * _BAR_BEATS + 1 + 3 * 12 + _INSIDE
"""Features of a beat."""


class MelodyInput(NamedTuple):
    """A melody as the network sees it, with `CONTEXT_BEATS` before and `REACH_BEATS` after it."""

    symbols: Ints
    """Symbols of the four sixteenth steps of each beat, (more beats, 4)."""
    features: Floats
    """(more beats, FEATURES); zero outside the melody."""


def melody_input(melody: Ints) -> MelodyInput:
    """Return what the network sees of a melody in C major or A minor.

    `melody` are symbols of the sixteenth steps of each beat, (beats, 4).
    """
    around = ((CONTEXT_BEATS, REACH_BEATS), (0, 0))
    return MelodyInput(
        np.pad(melody, around, constant_values=OUTSIDE), np.pad(_features(melody), around)
    )


def _features(melody: Ints) -> Floats:
    count = len(melody)
    beat = np.arange(count)
    left = count - 1 - beat
    steps = melody.reshape(-1)
    sounding = steps[steps < REST]
    last = np.zeros(12)
    if len(sounding):
        last[(sounding[-1] + LOWEST_MIDI) % 12] = 1.0
    columns = [
        (np.diff(steps, prepend=OUTSIDE) != 0).reshape(count, STEPS_PER_BEAT),
        np.eye(_BAR_BEATS)[beat % _BAR_BEATS],
        np.eye(_BAR_BEATS)[left % _BAR_BEATS],
        (np.minimum(left, _LAST_BEATS) / _LAST_BEATS)[:, None],
        np.broadcast_to(_shares(_class_counts(melody).sum(axis=0)) * 3.0, (count, 12)),
        np.broadcast_to(last, (count, 12)),
        _shares(_near(_class_counts(melody))) * 2.0,
        np.ones((count, _INSIDE)),
    ]
    return np.hstack(columns).astype(np.float32)


def _class_counts(melody: Ints) -> NDArray[np.float64]:
    """Return how many steps of each beat have each pitch class, (beats, 12)."""
    classes = np.eye(13)[np.where(melody < REST, (melody + LOWEST_MIDI) % 12, 12)]
    counts: NDArray[np.float64] = classes.sum(axis=1)[:, :12]
    return counts


def _near(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums over each beat and the eight before and after it."""
    sums = np.vstack([np.zeros(12), np.cumsum(counts, axis=0)])
    beat = np.arange(len(counts))
    last = np.minimum(beat + _NEAR_BEATS + 1, len(counts))
    near: NDArray[np.float64] = sums[last] - sums[np.maximum(beat - _NEAR_BEATS, 0)]
    return near


def _shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1.0)
    return shares
