"""Chords of computed tones, with known names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.practice.spelling import pitch_class
from tests.daemon.practice.voices import hertz, tone

Samples = NDArray[np.float32]


def triad(label: str, seconds: float = 1.5, cents: float = 0.0) -> Samples:
    """Return a chord such as `Eb:min` in the octaves around middle C, with its root below."""
    root, quality = label.split(":")
    low = 48 + (pitch_class(root) - 48) % 12
    steps = (0, 4 if quality == "maj" else 3, 7)
    pitches = [low - 12, *(low + step for step in steps)]
    tones = [tone(hertz(pitch + cents / 100.0), seconds, harmonics=8) for pitch in pitches]
    return np.asarray(0.4 * np.sum(tones, axis=0), np.float32)


def progression(labels: Sequence[str], seconds: float = 1.5, cents: float = 0.0) -> Samples:
    """Return the chords one after the other."""
    return np.concatenate([triad(label, seconds, cents) for label in labels])
