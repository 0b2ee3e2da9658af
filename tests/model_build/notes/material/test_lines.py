"""Lines stay in the range of their instrument and can be played."""

from itertools import pairwise

import numpy as np
import pytest

from model_build.notes.material.chorale import VOICE_RANGES, chorale
from model_build.notes.material.lines import (
    Line,
    chords,
    dense,
    melody,
    one_at_a_time,
    plucks,
    released_before_repeats,
    two_hands,
)
from model_build.rendering.midi_file import Note

SECONDS = 10.0


@pytest.mark.parametrize("line", [melody, plucks, chords, two_hands, dense])
def test_lines_stay_in_range(line: Line) -> None:
    for seed in range(10):
        notes = line(np.random.default_rng(seed), (40, 76), SECONDS)
        assert notes
        assert all(40 <= note.pitch_midi <= 76 for note in notes)
        assert all(note.start_seconds >= 0 and note.seconds > 0 for note in notes)
        assert max(note.start_seconds for note in notes) > SECONDS / 3


def test_single_voices_do_not_overlap() -> None:
    notes = one_at_a_time(dense(np.random.default_rng(1), (40, 76), SECONDS), 0.02)
    assert len(notes) > 10
    for before, after in pairwise(notes):
        assert before.start_seconds + before.seconds <= after.start_seconds + 0.02 + 1e-9


def test_a_key_is_released_before_it_is_pressed_again() -> None:
    again = released_before_repeats([Note(0.0, 2.0, 60, 80), Note(1.0, 1.0, 60, 80)])
    assert again == [Note(0.0, 0.988, 60, 80), Note(1.0, 1.0, 60, 80)]


def test_chorales_have_four_voices_in_their_ranges() -> None:
    for seed in range(10):
        voices = chorale(np.random.default_rng(seed), SECONDS)
        assert len(voices) == len(VOICE_RANGES)
        for notes, (low, high) in zip(voices, VOICE_RANGES, strict=True):
            assert len(notes) >= 5
            assert all(low - 4 <= note.pitch_midi <= high + 4 for note in notes)
