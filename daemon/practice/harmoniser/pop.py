"""One triad a bar, by rules."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.keys import MODES, Key
from daemon.practice.harmoniser.next_chord import ChordTable
from daemon.practice.harmoniser.triads import ALL_TRIADS, TRIADS, Triad
from daemon.practice.harmoniser.voices import Ints

# Semitones above the tonic and kind of the triads of each mode; minor keys also have a major
# dominant.
_DEGREES: Final = {
    "major": ((0, False), (2, True), (4, True), (5, False), (7, False), (9, True)),
    "minor": (
        *((0, True), (3, False), (5, True), (7, True), (7, False)),
        *((8, False), (10, False)),
    ),
}
# A melody note counts by the time that it sounds, the first beat of the bar twice.
_FIRST_BEAT_WEIGHT: Final = 2.0
_NOTE_WEIGHT: Final = 4.0
_ROOT_BONUS: Final = 0.1
_TRANSITION_WEIGHT: Final = 0.5
# The chord of the bar before may stay, which the table of changes does not contain.
_STAY_LOG: Final = -1.0
_TONIC_ENDS_LOG: Final = 3.0
_LOWEST_MIDI, _HIGHEST_MIDI = 48, 67


def choose_triads(
    steps: Ints, bar_of_beat: Ints, key: Key, tables: Sequence[ChordTable]
) -> list[Triad]:
    """Return a triad for each bar: the best sequence for the melody (Viterbi).

    `steps` are the MIDI pitches of the melody's beats (beats, 4), -1 for rests, and `bar_of_beat`
    (beats,) the number of the bar of each, from 0 on. The last chord is the tonic unless the
    melody contradicts it.
    """
    states = [ALL_TRIADS.index(Triad((key.tonic + step) % 12, m)) for step, m in _DEGREES[key.mode]]
    fits = np.array([_fit(steps[bar_of_beat == bar]) for bar in range(bar_of_beat.max() + 1)])
    fits = fits[:, states]
    tonic = np.array([ALL_TRIADS[state].root == key.tonic for state in states])
    fits[0] += _TONIC_ENDS_LOG / 2 * tonic
    fits[-1] += _TONIC_ENDS_LOG * tonic
    moves = _TRANSITION_WEIGHT * _transition_logs(key, tables)[np.ix_(states, states)]
    return [ALL_TRIADS[states[index]] for index in best_path(fits, moves)]


def best_path(fits: NDArray[np.float64], moves: NDArray[np.float64]) -> list[int]:
    """Return the states with the greatest sum of `fits` (bars, n) and `moves` (n, n)."""
    best, origins = fits[0], []
    for fit in fits[1:]:
        totals = best[:, None] + moves
        origins.append(totals.argmax(axis=0))
        best = totals.max(axis=0) + fit
    path = [int(best.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]


def voiced(triads: Sequence[Triad]) -> Ints:
    """Return three MIDI pitches for each triad, lowest first, (chords, 3).

    Each chord is in close position, as near to the one before as possible.
    """
    chords: list[Ints] = []
    for triad in triads:
        options = _positions(triad)
        before = chords[-1] if chords else np.array([52, 56, 60])
        chords.append(min(options, key=lambda chord: int(np.abs(chord - before).sum())))
    return np.array(chords)


def _positions(triad: Triad) -> list[Ints]:
    """Return the close positions of a triad within the range of the accompaniment."""
    found = []
    for inversion, octave in product(range(3), range(3, 7)):
        order = triad.classes[inversion:] + triad.classes[:inversion]
        lowest = octave * 12 + order[0]
        chord = np.array([lowest + (pitch_class - order[0]) % 12 for pitch_class in order])
        if chord[0] >= _LOWEST_MIDI and chord[-1] <= _HIGHEST_MIDI:
            found.append(chord)
    return found


def _fit(steps: Ints) -> NDArray[np.float64]:
    """Return how well each of the 24 triads fits a bar's melody, (24,)."""
    weights = np.ones(steps.shape)
    weights[:1] *= _FIRST_BEAT_WEIGHT
    sounding = steps >= 0
    if not sounding.any():
        return np.zeros(TRIADS)
    times = np.bincount(steps[sounding] % 12, weights[sounding], minlength=12)
    shares = times / times.sum()
    return np.array(
        [
            _NOTE_WEIGHT
            * (sum(shares[c] for c in triad.classes) + _ROOT_BONUS * shares[triad.root])
            for triad in ALL_TRIADS
        ]
    )


def _transition_logs(key: Key, tables: Sequence[ChordTable]) -> NDArray[np.float64]:
    """Return the log probability of each triad after each other, (24, 24)."""
    table = tables[MODES.index(key.mode)]
    degrees = [triad.degree(key.tonic) for triad in ALL_TRIADS]
    logs = np.array([np.log(table.probabilities([degree]))[degrees] for degree in degrees])
    np.fill_diagonal(logs, _STAY_LOG)
    return logs
