import numpy as np
import pytest

from daemon.practice.spelling import NAMES_OF_KEYS
from model_build.chords.measures import (
    Labelled,
    key_number,
    key_score,
    majmin_class,
    majmin_share,
    mean_text,
)


def test_keys_are_numbered_in_any_spelling() -> None:
    assert [key_number(name) for name in NAMES_OF_KEYS] == list(range(24))
    assert key_number("D# major") == key_number("Eb major") == 3
    assert key_number("Cb minor") == 23


@pytest.mark.parametrize(
    ("guess", "truth", "score"),
    [
        ("C major", "C major", 1.0),
        ("G major", "C major", 0.5),
        ("F major", "C major", 0.0),
        ("E minor", "A minor", 0.5),
        ("A minor", "C major", 0.3),
        ("C major", "A minor", 0.3),
        ("E minor", "C major", 0.0),
        ("C minor", "C major", 0.2),
        ("F# major", "C major", 0.0),
    ],
)
def test_related_keys_score_as_mirex_has_it(guess: str, truth: str, score: float) -> None:
    assert key_score(key_number(guess), key_number(truth)) == score


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("C:maj", 0),
        ("C", 0),
        ("Eb:7", 3),
        ("F#:maj7/3", 6),
        ("A:min", 21),
        ("A:min7(4)", 21),
        ("N", 24),
        ("X", -1),
        ("B:dim", -1),
        ("G:sus4", -1),
    ],
)
def test_labels_are_reduced_to_triads(label: str, number: int) -> None:
    assert majmin_class(label) == number


def test_the_share_counts_time_with_a_known_triad() -> None:
    truth = [Labelled(0, 2, "C:maj"), Labelled(2, 3, "B:dim"), Labelled(3, 5, "N")]
    assert majmin_share([Labelled(0, 1, "C:maj"), Labelled(1, 5, "N")], truth) == 0.75
    assert majmin_share([], truth) == 0.5
    assert majmin_share([Labelled(-1, 9, "C:min")], truth) == 0.0
    assert majmin_share([Labelled(0, 1, "C:maj")], [Labelled(0, 1, "X")]) is None


def test_the_mean_of_nothing_is_unknown() -> None:
    assert mean_text(np.array([True, False])) == "0.500"
    assert mean_text(np.empty(0)) == "unknown"
