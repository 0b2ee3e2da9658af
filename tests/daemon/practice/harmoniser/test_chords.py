import numpy as np
import pytest

from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.model_file import read_harmony_model
from daemon.practice.harmoniser.next_chord import ChordTable, next_chord
from daemon.practice.harmoniser.pop import best_path, choose_triads, voiced
from daemon.practice.harmoniser.triads import (
    Triad,
    triad_of_degree,
    triad_of_name,
    triad_of_pitches,
)

C_MAJOR, A_MINOR = Key(0, "major"), Key(9, "minor")
TABLES = read_harmony_model()[1].chord_tables


@pytest.mark.parametrize(
    ("pitches", "name"),
    [
        ((72, 67, 64, 48), "C:maj"),
        ((69, 64, 60, 45), "A:min"),
        ((71, 67, 65, 43), "G:maj"),  # a dominant seventh without its fifth
        ((72, 67, -1, 40), "C:maj"),
        ((76, 72, 69, 45), "A:min"),
        ((-1, -1, -1, 50), "D:maj"),
    ],
)
def test_names_the_triad_that_sounds(pitches: tuple[int, ...], name: str) -> None:
    triad = triad_of_pitches(np.array(pitches))
    assert triad is not None
    assert triad.name(C_MAJOR) == name


def test_silence_is_no_chord() -> None:
    assert triad_of_pitches(np.array([-1, -1])) is None


@pytest.mark.parametrize(
    ("name", "triad"),
    [
        *(("C:maj", Triad(0, minor=False)), ("Eb:min7", Triad(3, minor=True))),
        *(("F#:7", Triad(6, minor=False)), ("G/3", Triad(7, minor=False))),
        *(("B:dim", Triad(11, minor=True)), ("Bbb:maj", Triad(9, minor=False))),
        *(("N", None), ("X", None), ("", None)),
    ],
)
def test_reads_chords_in_hartes_syntax(name: str, triad: Triad | None) -> None:
    assert triad_of_name(name) == triad


def test_degrees_are_relative_to_the_tonic() -> None:
    for tonic in range(12):
        for degree in range(24):
            assert triad_of_degree(degree, tonic).degree(tonic) == degree


def test_longer_contexts_are_preferred_where_they_were_seen() -> None:
    table = ChordTable(
        {"": {"0": 6, "10": 2, "14": 2}, "14": {"0": 3, "10": 1}, "10 14": {"10": 5}}
    )
    assert table.probabilities([]).argmax() == 0
    assert table.probabilities([0, 14]).argmax() == 0
    assert table.probabilities([10, 14]).argmax() == 10
    for context in ([], [14], [10, 14], [23, 22]):
        assert table.probabilities(context).sum() == pytest.approx(1.0)
        assert (table.probabilities(context) > 0).all()


@pytest.mark.parametrize(
    ("chords", "key", "expected"),
    [
        (["C:maj", "F:maj", "G:maj"], C_MAJOR, "C:maj"),
        (["Eb:maj", "Ab:maj", "Bb:maj"], Key(3, "major"), "Eb:maj"),
        (["A:min", "D:min", "E:7"], A_MINOR, "A:min"),
        (["F:maj", "G:maj", "N"], C_MAJOR, "C:maj"),
    ],
)
def test_a_dominant_is_followed_by_its_tonic(chords: list[str], key: Key, expected: str) -> None:
    assert next_chord(TABLES, chords, key) == expected


def test_next_chord_differs_from_the_last_one_and_needs_one() -> None:
    for name in ("C:maj", "F:maj", "F#:min", "Db:maj"):
        assert next_chord(TABLES, [name], C_MAJOR) not in {None, name}
    assert next_chord(TABLES, [], C_MAJOR) is None
    assert next_chord(TABLES, ["N"], C_MAJOR) is None


def test_best_path_maximizes_the_whole_sequence() -> None:
    fits = np.array([[1.0, 0.0], [0.0, 0.4], [1.0, 0.0]])
    assert best_path(fits, np.zeros((2, 2))) == [0, 1, 0]
    assert best_path(fits, np.array([[0.0, -1.0], [-1.0, 0.0]])) == [0, 0, 0]


@pytest.mark.parametrize(("tonic", "name"), [(0, "C:maj"), (3, "Eb:maj"), (6, "F#:maj")])
def test_a_bar_of_a_broken_chord_gets_this_chord(tonic: int, name: str) -> None:
    bars = [(0, 4, 7, 4), (5, 9, 12, 9), (7, 11, 14, 11), (0, 4, 7, 0)]
    steps = np.repeat(np.array(bars).reshape(-1, 1) + 60 + tonic, 4, axis=1)
    key = Key(tonic, "major")
    triads = choose_triads(steps, np.arange(16) // 4, key, TABLES)
    assert [triad.degree(tonic) for triad in triads] == [0, 10, 14, 0]
    assert triads[0].name(key) == name


def test_chords_are_voiced_closely_and_near_each_other() -> None:
    triads = [Triad(0, minor=False), Triad(5, minor=False), Triad(7, minor=False)]
    chords = voiced(triads)
    for triad, chord in zip(triads, chords, strict=True):
        assert sorted(chord % 12) == sorted(triad.classes)
        assert chord.max() - chord.min() < 12
    assert np.abs(np.diff(chords, axis=0)).max() <= 5
