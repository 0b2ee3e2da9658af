"""Draw pieces: which programs play, and what each of them plays."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from model_build.notes.material.chance import chance
from model_build.notes.material.chorale import chorale
from model_build.notes.material.lines import (
    Line,
    Range,
    chords,
    dense,
    melody,
    one_at_a_time,
    plucks,
    released_before_repeats,
    two_hands,
)
from model_build.rendering.general_midi import Program
from model_build.rendering.midi_file import Note

PIECE_SHARES = {"solo": 0.30, "plucks": 0.07, "chords": 0.31, "ensemble": 0.12, "chorale": 0.20}
"""The kinds of pieces, and the share of each."""

_SOLO_SHARES = {
    "keyboard": 0.15,
    "mallet": 0.09,
    "organ": 0.04,
    "guitar": 0.19,
    "bass": 0.07,
    "string": 0.16,
    "vocal": 0.07,
    "brass": 0.07,
    "reed": 0.10,
    "flute": 0.06,
    "synth_lead": 0.03,
}
_CHORD_SHARES = {
    "keyboard": 0.52,
    "mallet": 0.08,
    "organ": 0.07,
    "guitar": 0.17,
    "string": 0.08,
    "vocal": 0.03,
    "brass": 0.02,
    "reed": 0.02,
    "synth_lead": 0.02,
}
_CHORALE_SHARES = {
    "string": 0.25,
    "reed": 0.30,
    "brass": 0.18,
    "flute": 0.10,
    "vocal": 0.09,
    "organ": 0.05,
    "keyboard": 0.03,
}
_PLUCKED_SHARES = {"guitar": 0.45, "bass": 0.2, "keyboard": 0.1, "mallet": 0.1, "string": 0.15}
_RINGING = ("guitar", "mallet", "keyboard")
_PLUCKED_STRINGS = (45, 46)
_PIANOS, _PIANO_RANGE = (0, 1, 3), (21, 108)
_LEAST_RANGE = 8

Rng = np.random.Generator
Players = Mapping[str, Sequence[Program]]


class Voice(NamedTuple):
    """What one program plays."""

    program: Program
    """Who plays."""
    notes: list[Note]
    """When keys are pressed, and for how long."""
    is_single: bool
    """True if one note sounds at a time."""


def draw_piece(rng: Rng, players: Players, seconds: float) -> list[Voice]:
    """Return a piece of random kind; `players` are the usable programs of each family."""
    kind = str(rng.choice(list(PIECE_SHARES), p=list(PIECE_SHARES.values())))
    if kind == "solo":
        program = _player(rng, players, _SOLO_SHARES)
        if program.family in _RINGING and chance(rng, 0.4):
            return [_ringing(rng, program, seconds)]
        return [_single(rng, program, melody, seconds)]
    if kind == "plucks":
        program = _player(rng, players, _PLUCKED_SHARES)
        return [_together(rng, program, plucks, seconds)]
    if kind == "chords":
        lines: tuple[Line, ...] = (chords, two_hands, dense)
        line = lines[rng.choice(len(lines), p=[0.4, 0.35, 0.25])]
        voices = 2 if chance(rng, 0.1) else 1
        return [
            _together(rng, _player(rng, players, _CHORD_SHARES), line, seconds)
            for _ in range(voices)
        ]
    if kind == "ensemble":
        return [
            _single(rng, _player(rng, players, _SOLO_SHARES), melody, seconds)
            for _ in range(int(rng.integers(2, 5)))
        ]
    return _chorale(rng, players, seconds)


def range_of(program: Program) -> Range:
    """Return the lowest and highest MIDI number that a program plays here."""
    if program.number in _PIANOS:
        return _PIANO_RANGE
    return program.lowest_midi, max(program.highest_midi, program.lowest_midi + _LEAST_RANGE)


def _player(rng: Rng, players: Players, shares: Mapping[str, float]) -> Program:
    present = [family for family in shares if players.get(family)]
    weights = np.array([shares[family] for family in present])
    family = present[rng.choice(len(present), p=weights / weights.sum())]
    return players[family][int(rng.integers(len(players[family])))]


def _single(rng: Rng, program: Program, line: Line, seconds: float) -> Voice:
    notes = line(rng, range_of(program), seconds)
    return Voice(program, one_at_a_time(notes, float(rng.choice([0.0, 0.0, 0.02]))), is_single=True)


def _together(rng: Rng, program: Program, line: Line, seconds: float) -> Voice:
    notes = line(rng, range_of(program), seconds)
    return Voice(program, released_before_repeats(notes), is_single=False)


def _ringing(rng: Rng, program: Program, seconds: float) -> Voice:
    """Return a melody whose notes ring on into the next ones."""
    notes = [
        note._replace(seconds=note.seconds + rng.uniform(0.0, 0.6))
        for note in melody(rng, range_of(program), seconds)
    ]
    return Voice(program, released_before_repeats(notes), is_single=False)


def _chorale(rng: Rng, players: Players, seconds: float) -> list[Voice]:
    """Return a chorale for four programs of one family or of several."""
    shares = _CHORALE_SHARES
    if chance(rng, 0.4):
        shares = {_player(rng, players, _CHORALE_SHARES).family: 1.0}
    voices = []
    for notes in chorale(rng, seconds):
        middle = float(np.median([note.pitch_midi for note in notes]))
        program = _player(rng, players, shares)
        for _ in range(20):  # until the voice suits the instrument
            low, high = range_of(program)
            if low <= middle - 3 and middle + 3 <= high and program.number not in _PLUCKED_STRINGS:
                break
            program = _player(rng, players, shares)
        low, high = range_of(program)
        fitting = [note for note in notes if low <= note.pitch_midi <= high]
        if fitting:
            voices.append(Voice(program, one_at_a_time(fitting, 0.0), is_single=True))
    return voices
