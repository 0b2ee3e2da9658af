"""Harmonise a tune: three voices as in a chorale, or a triad a bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import numpy as np

from daemon.practice.harmoniser.beam import Penalties, find_voices
from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.melody_key import melody_key
from daemon.practice.harmoniser.model_file import (
    BUILT_IN_HARMONY_MODEL,
    HarmonyContract,
    read_harmony_model,
)
from daemon.practice.harmoniser.network import HarmonyNetwork
from daemon.practice.harmoniser.pop import choose_triads, voiced
from daemon.practice.harmoniser.triads import triad_of_pitches
from daemon.practice.harmoniser.tune import (
    OCTAVE,
    Tune,
    TuneNote,
    bar_of_each_beat,
    octaves_into_range,
    sampled,
    sounding_beats,
    without_rests,
)
from daemon.practice.harmoniser.voices import VOICES, Ints

Style = Literal["chorale", "pop"]
CHORALE: Final = "chorale"
POP: Final = "pop"
STYLES: Final[tuple[Style, ...]] = (CHORALE, POP)

# A note that begins within this share of a beat around the beat begins on it.
_ON_BEAT: Final = 0.2
# An upbeat gets no chord of its own: a first bar that sounds for less than this share.
_UPBEAT: Final = 0.5


@dataclass(frozen=True)
class Harmony:
    """What was added to a tune. Times are in the ticks of the tune."""

    key: Key
    """The key that the melody was harmonised in."""
    parts: dict[str, list[TuneNote]]
    """The notes of each voice, highest first, or of all chords."""
    chords: list[tuple[int, str]]
    """Each change of chord: its tick and its name in Harte's syntax."""
    octaves: int
    """By how many octaves the melody was moved while it was harmonised."""


class Harmoniser:
    """The harmoniser with a model. Raises InputError if it cannot be used."""

    def __init__(self, model: Path = BUILT_IN_HARMONY_MODEL) -> None:
        network, self.contract = read_harmony_model(model)
        self._network = HarmonyNetwork(network)

    def harmonise(self, tune: Tune, style: Style, key: Key | None = None) -> Harmony:
        """Return the harmony of a tune, in its own key unless another one is given."""
        steps = sampled(tune)
        octaves = octaves_into_range(steps)
        found = key or melody_key(self.contract.key_tables, steps, tune.hint)
        if style == POP:
            return _with_triads(self.contract, tune, steps, found)
        beats = sounding_beats(steps)
        melody = without_rests(steps[beats]) + octaves * OCTAVE
        voices = find_voices(self._network, self.contract.correction, melody, found, Penalties())
        starts, ends = _spans(tune, steps, beats)
        joined = _joined(tune, beats)
        parts = {
            name: _voice_notes(voices[:, VOICES.index(name)], starts, ends, joined)
            for name in VOICES[::-1]
        }
        names = _names(np.column_stack([melody[:, 0], voices]), found)
        return Harmony(found, parts, _changes(starts, names), octaves)


def _spans(tune: Tune, steps: Ints, beats: Ints) -> tuple[list[int], list[int]]:
    """Return start and end of each beat in which the melody sounds, in ticks.

    A beat that begins with a rest starts with its first note, and the last one ends with the
    melody.
    """
    end = max(note.end for note in tune.notes)
    starts, ends = [], []
    for beat in beats:
        first, last = tune.beats[beat], tune.beats[beat + 1]
        if steps[beat, 0] < 0:
            first = min((n.start for n in tune.notes if first <= n.start < last), default=first)
        starts.append(first)
        ends.append(min(last, end) if end > first else last)
    return starts, ends


def _joined(tune: Tune, beats: Ints) -> list[bool]:
    """Return for each of these beats whether the melody is held into it from the beat before."""
    held = [False] * len(beats)
    starts = np.array([note.start for note in tune.notes])
    ends = np.array([note.end for note in tune.notes])
    for index, (before, beat) in enumerate(pairwise(beats), 1):
        tick = tune.beats[beat]
        near = _ON_BEAT * (tune.beats[beat + 1] - tick)
        sounds = (starts < tick - near) & (ends > tick + near)
        held[index] = bool(beat == before + 1 and sounds.any())
    return held


def _voice_notes(
    pitches: Ints, starts: Sequence[int], ends: Sequence[int], joined: Sequence[bool]
) -> list[TuneNote]:
    """Return the notes of a voice; a pitch is held as long as the melody holds its own."""
    notes: list[TuneNote] = []
    for pitch, start, end, join in zip(pitches.tolist(), starts, ends, joined, strict=True):
        if pitch < 0:
            continue
        if join and notes and notes[-1].midi == pitch and notes[-1].end == start:
            notes[-1] = notes[-1]._replace(end=end)
        else:
            notes.append(TuneNote(start, end, pitch))
    return notes


def _with_triads(contract: HarmonyContract, tune: Tune, steps: Ints, key: Key) -> Harmony:
    bar_of_beat = bar_of_each_beat(tune.bars, len(steps))
    sounding = steps >= 0
    first = int(bar_of_beat[sounding.any(axis=1)][0])
    if sounding[bar_of_beat == first].mean() < _UPBEAT and first < bar_of_beat.max():
        first += 1
    begins = int(np.flatnonzero(bar_of_beat == first)[0])
    triads = choose_triads(steps[begins:], bar_of_beat[begins:] - first, key, contract.chord_tables)
    edges = [tune.beats[bar] for bar in tune.bars[first:]] + [tune.beats[-1]]
    notes = [
        TuneNote(start, end, int(pitch))
        for (start, end), chord in zip(pairwise(edges), voiced(triads), strict=True)
        for pitch in chord
    ]
    names = [triad.name(key) for triad in triads]
    return Harmony(key, {"chords": notes}, _changes(edges[:-1], names), 0)


def _names(chords: Ints, key: Key) -> list[str]:
    """Return the names of chords (n, voices); `N` where nothing sounds."""
    triads = [triad_of_pitches(chord) for chord in chords]
    return ["N" if triad is None else triad.name(key) for triad in triads]


def _changes(ticks: Sequence[int], names: Sequence[str]) -> list[tuple[int, str]]:
    """Return the chords that differ from the one before."""
    found: list[tuple[int, str]] = []
    for tick, name in zip(ticks, names, strict=True):
        if not found or found[-1][1] != name:
            found.append((tick, name))
    return found
