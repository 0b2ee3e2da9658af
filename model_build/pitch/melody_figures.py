"""Figures of a pitch curve against the truth: the measures of melody extraction.

After Poliner, Ellis, Ehmann, Gomez, Streich and Ong, "Melody transcription from music audio:
approaches and evaluation" (2007).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RIGHT_CENTS = 50.0
"""A pitch within a quarter tone is right."""

Values = NDArray[np.float64]


class Melody(NamedTuple):
    """A pitch curve at any times."""

    seconds: Values
    """Rising times (n,)."""
    hz: Values
    """The likeliest pitch (n,), above 0 also where none sounds."""
    is_voiced: NDArray[np.bool_]
    """Whether a pitch sounds (n,)."""


class MelodyFigures(NamedTuple):
    """Shares of frames, 0..1; NaN if there is none to share."""

    raw_pitch: float
    """Frames with a pitch whose estimate is right, whether or not it was said to sound."""
    overall: float
    """All frames: said to sound and right, or said not to sound and silent."""
    false_voicing: float
    """Frames without a pitch in which one was said to sound."""


def melody_figures(seconds: Values, hz: Values, found: Melody) -> MelodyFigures:
    """Return the figures of `found` against the truth at times (n,), with 0 Hz where silent.

    Between two of its times, a found pitch is drawn as a straight line of semitones; whether it
    sounds is taken from the nearer one.
    """
    semitones = np.interp(seconds, found.seconds, 12.0 * np.log2(found.hz))
    middle = (found.seconds[1:] + found.seconds[:-1]) / 2.0
    says_voiced = found.is_voiced[np.searchsorted(middle, seconds)]
    is_voiced = hz > 0.0
    truth = 12.0 * np.log2(np.where(is_voiced, hz, 1.0))
    is_right = is_voiced & (np.abs(semitones - truth) * 100.0 <= RIGHT_CENTS)
    good = np.where(is_voiced, is_right & says_voiced, ~says_voiced)
    return MelodyFigures(_share(is_right, is_voiced), _share(good), _share(says_voiced, ~is_voiced))


def _share(good: NDArray[np.bool_], of: NDArray[np.bool_] | None = None) -> float:
    chosen = good if of is None else good[of]
    return float(chosen.mean()) if len(chosen) else float("nan")
