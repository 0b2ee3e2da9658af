import numpy as np
import pytest

from daemon.practice.harmoniser.correction import Correction, correct, indicators
from daemon.practice.harmoniser.voice_leading import faults, faults_of_piece
from daemon.practice.harmoniser.voices import (
    LOWEST_MIDI,
    OUTSIDE,
    PITCH_CLASS,
    REST,
    pitches_of,
    symbols_of,
)


def chords(*rows: tuple[int, int, int, int]) -> np.ndarray:
    return np.array(rows)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Soprano and bass move from C-G to D-A: parallel fifths.
        ((67, 60, 52, 48), (69, 60, 53, 50), 1),
        # The same notes again are no motion.
        ((67, 64, 55, 48), (67, 64, 55, 48), 0),
        # From a fifth to an octave.
        ((67, 64, 60, 48), (74, 65, 59, 50), 0),
        # Parallel octaves of soprano and bass.
        ((72, 64, 55, 48), (74, 65, 57, 50), 2),
        # In opposite directions, from an octave to a double octave.
        ((60, 55, 52, 48), (67, 59, 55, 43), 0),
        # A rest moves nowhere.
        ((72, 64, 55, 48), (74, 65, 57, -1), 0),
    ],
)
def test_counts_parallel_fifths_and_octaves(
    before: tuple[int, int, int, int], after: tuple[int, int, int, int], expected: int
) -> None:
    assert faults_of_piece(chords(before, after), leading_note=11).parallels == expected


def test_counts_doubled_leading_notes_ranges_and_crossings() -> None:
    doubled = chords((71, 67, 59, 43))
    assert faults_of_piece(doubled, leading_note=11).doubled_leading_notes == 1
    assert faults_of_piece(doubled, leading_note=6).doubled_leading_notes == 0
    outside = chords((72, 76, 47, 35))
    assert faults_of_piece(outside, leading_note=11).out_of_range == 3
    assert faults_of_piece(outside, leading_note=11).crossings == 1
    # The soprano's range is the player's business.
    assert faults_of_piece(chords((40, -1, -1, -1)), leading_note=11).out_of_range == 0


def test_counts_each_of_many_candidates() -> None:
    before = np.tile([67, 60, 52, 48], (3, 1))
    after = chords((69, 60, 57, 50), (69, 62, 53, 50), (69, 64, 60, 45))
    # One pair of voices in parallels, three pairs, contrary motion.
    assert faults(before, after, 11).parallels.tolist() == [1, 3, 0]


def test_symbols_round_trip_in_every_key() -> None:
    pitches = np.array([-1, 36, 60, 81])
    for shift in range(-6, 6):
        assert (pitches_of(symbols_of(pitches, shift), shift) == pitches).all()
    assert symbols_of(np.array([12, 23, 24])).tolist() == [0, 11, 0]
    assert symbols_of(np.array([96, 107])).tolist() == [60, 71]
    assert PITCH_CLASS[symbols_of(np.array([60, 61, -1]))].tolist() == [0, 1, 12]


def symbols(*pitches: int) -> np.ndarray:
    return symbols_of(np.array(pitches))


def test_indicators_agree_with_the_rule() -> None:
    # The bass is at C; the soprano moves from G to A, a fifth above D.
    found = indicators(symbols(48)[0], symbols(67), symbols(69))
    fifths, octaves = found.parallels[:, 0], found.parallels[:, 1]
    assert (np.flatnonzero(fifths) + LOWEST_MIDI).tolist() == [50, 62, 76, 88]
    assert not octaves.any()
    for candidate in (50, 62, 76, 88):
        chord = chords((67, -1, -1, 48), (69, -1, -1, candidate))
        assert faults_of_piece(chord, leading_note=11).parallels == 1
    assert np.unique(PITCH_CLASS[found.doubled > 0]).tolist() == [9]
    assert (found.doubled == found.melody_doubled).all()


def test_indicators_ignore_rests_and_the_beginning() -> None:
    for own, before, now in ((OUTSIDE, OUTSIDE, 40), (REST, 40, 42), (40, REST, 42)):
        found = indicators(np.array(own), np.array([before]), np.array([now]))
        assert not found.parallels.any()
    assert not indicators(np.array(30), np.array([40]), np.array([REST])).doubled.any()


def test_correction_adds_the_weights_of_what_a_candidate_forms() -> None:
    rising = [[float(c) for c in range(13)]] * 3
    weights = Correction([(-2.0, -3.0)] * 3, rising, [[0.5] * 13] * 3)
    found = indicators(symbols(48)[0], symbols(67), symbols(69))
    added = correct(weights, 0, found)
    assert added[50 - LOWEST_MIDI] == -2.0
    assert added[57 - LOWEST_MIDI] == 9.0 + 0.5
    assert added[52 - LOWEST_MIDI] == 0.0
    assert added[REST] == 0.0
