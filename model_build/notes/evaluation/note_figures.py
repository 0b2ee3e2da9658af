"""Compare recognized notes with annotated ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

ONSET_SECONDS = 0.05
"""A matching note's onset differs by at most this."""
PITCH_CENTS = 50.0
"""A matching note's pitch differs by at most this."""

_DECIMALS = 4  # so that a difference of 50 ms is not above it by rounding


class PlayedNote(NamedTuple):
    """A note as it is compared."""

    onset_seconds: float
    """When it begins."""
    midi: float
    """Its pitch as a MIDI number, with a fraction."""


class NoteScore(NamedTuple):
    """How well the notes of a recording were recognized; each value is 0..1."""

    precision: float
    """Share of the recognized notes that are annotated."""
    recall: float
    """Share of the annotated notes that were recognized."""
    f1: float
    """Harmonic mean of both."""


def note_score(annotated: Sequence[PlayedNote], recognized: Sequence[PlayedNote]) -> NoteScore:
    """Return precision, recall and F1 of onsets and pitch; offsets do not count.

    A note matches at most one other; as many as possible are matched (Raffel et al., mir_eval: a
    transparent implementation of common MIR metrics, 2014). Without annotated notes, everything is
    1 if nothing was recognized, else 0.
    """
    if not annotated or not recognized:
        value = float(len(annotated) == len(recognized))
        return NoteScore(value, value, value)
    own, other = np.array(annotated), np.array(recognized)
    apart = np.round(np.abs(own[:, None, 0] - other[None, :, 0]), _DECIMALS)
    cents = 100.0 * np.abs(own[:, None, 1] - other[None, :, 1])
    fits = csr_array((apart <= ONSET_SECONDS) & (cents <= PITCH_CENTS))
    matched = int((maximum_bipartite_matching(fits, perm_type="column") >= 0).sum())
    precision, recall = matched / len(recognized), matched / len(annotated)
    f1 = 2 * precision * recall / (precision + recall) if matched else 0.0
    return NoteScore(precision, recall, f1)
