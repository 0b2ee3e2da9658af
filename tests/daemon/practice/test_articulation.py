import msgspec
import pytest

from daemon.practice.articulation import Articulation, articulation


def test_counts_notes_that_begin_at_the_end_of_the_one_before() -> None:
    notes = [(0.0, 0.5), (0.54, 1.0), (1.06, 1.5), (1.4, 2.0), (2.2, 2.5)]
    assert articulation(notes).legato == pytest.approx(2 / 4)


def test_a_chord_counts_once() -> None:
    chords = [(0.0, 0.9), (0.02, 0.5), (0.03, 1.0), (1.01, 1.3), (1.02, 1.2)]
    assert articulation(chords).legato == 1.0


def test_staccato_over_a_drone_is_compared_with_the_note_before() -> None:
    notes = [(0.0, 9.0), (0.5, 0.6), (1.0, 1.1), (1.5, 1.6)]
    assert articulation(notes).legato == pytest.approx(1 / 3)


@pytest.mark.parametrize("notes", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.01, 2.0)]])
def test_legato_is_unknown_without_two_notes(notes: list[tuple[float, float]]) -> None:
    assert articulation(notes).legato is None


def test_a_pause_of_more_than_two_seconds_ends_a_passage() -> None:
    notes = [(10.0, 11.0), (12.9, 14.0), (16.1, 18.0), (19.0, 20.5)]
    assert articulation(notes).longest_passage_seconds == pytest.approx(4.4)


def test_a_long_note_carries_a_passage() -> None:
    notes = [(0.0, 6.0), (0.5, 0.7), (7.9, 8.0)]
    assert articulation(notes).longest_passage_seconds == pytest.approx(8.0)


def test_drums_are_measured_between_onsets() -> None:
    strokes = [(at, at) for at in (0.0, 1.9, 3.8, 5.9, 6.0)]
    assert articulation(strokes).longest_passage_seconds == pytest.approx(3.8)


def test_without_notes_there_is_no_passage() -> None:
    assert Articulation().longest_passage_seconds is None


def test_the_sums_survive_a_restart() -> None:
    notes = [(0.0, 0.5), (0.54, 1.0), (1.2, 1.5), (4.0, 4.4), (4.41, 5.5)]
    whole = articulation(notes)
    first = articulation(notes[:2])
    restored = msgspec.json.decode(msgspec.json.encode(first), type=Articulation)
    for note in notes[2:]:
        restored.add(*note)
    assert restored == whole
