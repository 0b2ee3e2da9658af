"""A melody with its beats and bars, sampled for the harmoniser."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.voices import SILENT_MIDI, SOPRANO_RANGE, STEPS_PER_BEAT, Ints

OCTAVE: Final = 12


class TuneNote(NamedTuple):
    """A note of the melody."""

    start: int
    """Tick at which it begins."""
    end: int
    """Tick at which it ends; later than `start`."""
    midi: int
    """MIDI pitch."""


@dataclass(frozen=True)
class Tune:
    """A melody. Times are in ticks of its file."""

    notes: tuple[TuneNote, ...]
    """All notes, sorted by time; at least one. Of notes that overlap, the highest counts."""
    beats: tuple[int, ...]
    """Start of each beat, and the end of the last one."""
    bars: tuple[int, ...]
    """Index of the first beat of each bar."""
    hint: Key | None = None
    """The key that the file names."""


def sampled(tune: Tune) -> Ints:
    """Return the pitch that sounds in each quarter of each beat, (beats, 4); -1 is a rest.

    Rests shorter than a beat are filled with the note before them: they are articulation.
    """
    edges = np.array(tune.beats)
    grid = np.interp(
        np.arange((len(edges) - 1) * STEPS_PER_BEAT) / STEPS_PER_BEAT, np.arange(len(edges)), edges
    )
    steps = np.full(len(grid), SILENT_MIDI, np.int64)
    middle = np.append((grid[1:] + grid[:-1]) / 2, (grid[-1] + edges[-1]) / 2)
    for note in tune.notes:
        first, end = np.searchsorted(middle, [note.start, note.end])
        window = slice(min(first, len(steps) - 1), max(end, first + 1))
        steps[window] = np.maximum(steps[window], note.midi)
    return _without_short_rests(steps).reshape(-1, STEPS_PER_BEAT)


def _without_short_rests(steps: Ints) -> Ints:
    filled = steps.copy()
    sounding = np.flatnonzero(steps >= 0)
    for index, following in pairwise(sounding):
        if 1 < following - index <= STEPS_PER_BEAT:
            filled[index:following] = steps[index]
    return filled


def sounding_beats(steps: Ints) -> Ints:
    """Return the indices of the beats in which the melody sounds, of steps (beats, 4)."""
    return np.flatnonzero((steps >= 0).any(axis=1))


def without_rests(steps: Ints) -> Ints:
    """Return beats in which the melody sounds without the rests in them, (beats, 4).

    A rest before a note becomes part of it, other rests part of the note before.
    """
    filled = steps.copy()
    for beat in filled:
        for step in range(1, STEPS_PER_BEAT):
            if beat[step] < 0:
                beat[step] = beat[step - 1]
        for step in range(STEPS_PER_BEAT - 2, -1, -1):
            if beat[step] < 0:
                beat[step] = beat[step + 1]
    return filled


def octaves_into_range(steps: Ints) -> int:
    """Return by how many octaves a melody must be moved to fit the soprano's range best."""
    pitches = steps[steps >= 0]
    low, high = SOPRANO_RANGE

    def outside(octaves: int) -> tuple[int, int]:
        moved = pitches + octaves * OCTAVE
        return int(((moved < low) | (moved > high)).sum()), abs(octaves)

    return min(range(-6, 7), key=outside)


def bar_of_each_beat(bars: Sequence[int], beats: int) -> Ints:
    """Return the number of the bar that each of `beats` beats belongs to."""
    return np.searchsorted(np.array(bars), np.arange(beats), side="right") - 1
