"""Rules of four-part writing: parallels, doubled leading notes, ranges and crossings."""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.voices import SILENT_MIDI, VOICE_RANGES, Ints

_PERFECT: Final = (0, 7)
_PAIRS = tuple((upper, lower) for upper in range(4) for lower in range(upper + 1, 4))
_LOWEST = np.array([low for low, _ in VOICE_RANGES[::-1]])
_HIGHEST = np.array([high for _, high in VOICE_RANGES[::-1]])


class Faults(NamedTuple):
    """Numbers of broken rules; each is an integer or an array of the same shape."""

    parallels: NDArray[np.int64]
    """Pairs of voices in parallel fifths or octaves, unisons included."""
    doubled_leading_notes: NDArray[np.int64]
    """Chords that have the leading note of the key in two voices."""
    out_of_range: NDArray[np.int64]
    """Notes of lower voices outside their range."""
    crossings: NDArray[np.int64]
    """Neighbouring voices of which the upper one is lower."""


def faults(before: Ints, chord: Ints, leading_note: int) -> Faults:
    """Return the faults of chords (…, 4) that follow the chords `before` (…, 4).

    Chords are MIDI pitches of soprano, alto, tenor and bass, -1 for a rest; `leading_note` is a
    pitch class.
    """
    return Faults(
        parallels=_parallels(before, chord),
        doubled_leading_notes=(((chord >= 0) & (chord % 12 == leading_note)).sum(axis=-1) > 1) * 1,
        out_of_range=_out_of_range(chord[..., 1:]).sum(axis=-1),
        crossings=sum(
            (
                ((chord[..., upper] < chord[..., lower]) & (chord[..., upper] >= 0)) * 1
                for upper, lower in pairwise(range(4))
            ),
            np.zeros(chord.shape[:-1], np.int64),
        ),
    )


def faults_of_piece(chords: Ints, leading_note: int) -> Faults:
    """Return the faults of successive chords (beats, 4) in all."""
    before = np.vstack([np.full((1, 4), SILENT_MIDI), chords[:-1]])
    found = faults(before, chords, leading_note)
    return Faults(*(np.asarray(np.sum(counts), np.int64) for counts in found))


def _parallels(before: Ints, chord: Ints) -> NDArray[np.int64]:
    found = np.zeros(chord.shape[:-1], np.int64)
    sounding = (before >= 0) & (chord >= 0)
    moves = chord - before
    for upper, lower in _PAIRS:
        was = np.abs(before[..., upper] - before[..., lower]) % 12
        becomes = np.abs(chord[..., upper] - chord[..., lower]) % 12
        together = moves[..., upper] * moves[..., lower] > 0
        both = sounding[..., upper] & sounding[..., lower]
        found += both & together & (was == becomes) & np.isin(was, _PERFECT)
    return found


def _out_of_range(lower: Ints) -> NDArray[np.bool_]:
    outside: NDArray[np.bool_] = (lower >= 0) & ((lower < _LOWEST) | (lower > _HIGHEST))
    return outside
