"""Chorales as the network and the baseline see them: symbols of each beat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.features import CONTEXT_BEATS, HISTORY_BEATS, REACH_BEATS
from daemon.practice.harmoniser.features import melody_input as input_of
from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.melody_key import KeyTables, melody_key
from daemon.practice.harmoniser.voices import OUTSIDE, STEPS_PER_BEAT, Ints, symbols_of
from model_build.harmony.chorales.chorale_sets import Chorale, beats
from model_build.harmony.chorales.key_labels import chorale_key

_SOPRANO, _LOWER = 0, [3, 2, 1]


@dataclass(frozen=True)
class Piece:
    """A chorale, in MIDI pitches."""

    melody: Ints
    """The soprano in the four sixteenth steps of each beat, (beats, 4); -1 is a rest."""
    voices: Ints
    """Bass, tenor and alto at the beginning of each beat, (beats, 3); -1 is a rest."""
    key: Key
    """The key that all voices show, for training and for counting leading notes."""
    melody_key: Key
    """The key that the melody alone shows, for measuring."""

    @property
    def full(self) -> Ints:
        """Soprano, alto, tenor and bass at the beginning of each beat, (beats, 4)."""
        return np.hstack([self.melody[:, :1], self.voices[:, ::-1]])


class Batch(NamedTuple):
    """Parts of pieces of the same length, as `piece_scores` takes them."""

    steps: Ints
    """The melody's symbols, (batch, CONTEXT_BEATS + beats + REACH_BEATS, 4)."""
    features: NDArray[np.float32]
    """Its features, (batch, …, FEATURES)."""
    voices: Ints
    """Symbols of bass, tenor and alto, (batch, HISTORY_BEATS + beats, 3)."""
    present: NDArray[np.float32]
    """1 for beats of a piece, 0 for those after its end, (batch, beats)."""


def piece_of(chorale: Chorale, tables: KeyTables) -> Piece:
    """Return a chorale as a piece."""
    sounding = beats(chorale)
    melody = np.full(len(sounding) * STEPS_PER_BEAT, -1, np.int64)
    melody[: len(chorale)] = chorale[:, _SOPRANO]
    return Piece(
        melody=melody.reshape(-1, STEPS_PER_BEAT),
        voices=sounding[:, _LOWER],
        key=chorale_key(chorale),
        melody_key=melody_key(tables, chorale[:, _SOPRANO]),
    )


def batch_of(
    pieces: Sequence[Piece], shifts: Sequence[int], starts: Sequence[int], length: int
) -> Batch:
    """Return `length` beats of each piece from its start on, moved by its shift in semitones."""
    parts = [_part(*each, length) for each in zip(pieces, shifts, starts, strict=True)]
    return Batch(*(np.stack(arrays) for arrays in zip(*parts, strict=True)))


def whole(pieces: Sequence[Piece]) -> Batch:
    """Return whole pieces, each in the key that its melody shows."""
    shifts = [piece.melody_key.shift for piece in pieces]
    longest = max(len(piece.voices) for piece in pieces)
    return batch_of(pieces, shifts, [0] * len(pieces), longest)


def _part(piece: Piece, shift: int, start: int, length: int) -> Batch:
    melody = input_of(symbols_of(piece.melody, shift))
    count = min(length, len(piece.voices) - start)
    voices = np.pad(
        symbols_of(piece.voices, shift), ((HISTORY_BEATS, 0), (0, 0)), constant_values=OUTSIDE
    )
    window = slice(start, start + CONTEXT_BEATS + length + REACH_BEATS)
    return Batch(
        _extended(melody.symbols[window], CONTEXT_BEATS + length + REACH_BEATS, OUTSIDE),
        _extended(melody.features[window], CONTEXT_BEATS + length + REACH_BEATS, 0),
        _extended(voices[start : start + HISTORY_BEATS + length], HISTORY_BEATS + length, OUTSIDE),
        (np.arange(length) < count).astype(np.float32),
    )


def _extended(rows: NDArray[Any], length: int, value: int) -> NDArray[Any]:
    return np.pad(rows, ((0, length - len(rows)), (0, 0)), constant_values=value)
