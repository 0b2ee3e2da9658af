"""Notes are matched by onset and pitch, as many as possible and each once."""

import pytest

from model_build.notes.evaluation.note_figures import PlayedNote, note_score

TWO = [PlayedNote(1.0, 60.0), PlayedNote(2.0, 64.0)]


def test_equal_notes_match() -> None:
    assert note_score(TWO, TWO).f1 == 1.0


def test_tolerances_are_50_ms_and_50_cents_inclusive() -> None:
    assert note_score(TWO, [PlayedNote(1.05, 60.0), PlayedNote(1.95, 64.5)]).f1 == 1.0
    late_and_sharp = [PlayedNote(1.051, 60.0), PlayedNote(2.0, 64.51)]
    assert note_score(TWO, late_and_sharp).f1 == 0.0


def test_a_note_matches_once() -> None:
    twice = [PlayedNote(1.0, 60.0), PlayedNote(1.01, 60.1), PlayedNote(2.0, 64.0)]
    score = note_score(TWO, twice)
    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == 1.0


def test_as_many_as_possible_match() -> None:
    """Matching the nearest first would leave the second pair unmatched."""
    annotated = [PlayedNote(1.0, 60.0), PlayedNote(1.04, 60.0)]
    recognized = [PlayedNote(1.03, 60.0), PlayedNote(1.08, 60.0)]
    assert note_score(annotated, recognized).f1 == 1.0


def test_no_notes() -> None:
    assert note_score([], []).f1 == 1.0
    assert note_score([], TWO).f1 == 0.0
    assert note_score(TWO, []).f1 == 0.0
