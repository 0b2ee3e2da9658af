import pytest

from daemon.practice.analysis.likely_chord import likely_chord
from daemon.practice.harmony.harmony import Chord, Harmony


def heard(key: str | None, *labels: str) -> Harmony:
    chords = [Chord(float(n), n + 1.0, label) for n, label in enumerate(labels)]
    return Harmony(key, 0.9, key or "C major", chords)


@pytest.mark.parametrize(
    ("key", "chords", "expected"),
    [
        ("C major", ["C:maj", "F:maj", "G:maj"], "C:maj"),
        ("Eb major", ["Eb:maj", "Ab:maj", "Bb:maj"], "Eb:maj"),
        ("A minor", ["A:min", "D:min", "E:maj"], "A:min"),
        ("C major", ["F:maj", "G:maj", "N"], "C:maj"),
    ],
)
def test_dominant_resolves_to_the_tonic(key: str, chords: list[str], expected: str) -> None:
    assert likely_chord(heard(key, *chords)) == expected


def test_nothing_is_likely_without_a_key_or_a_chord() -> None:
    assert likely_chord(heard(None, "C:maj", "G:maj")) is None
    assert likely_chord(heard("C major", "N")) is None
    assert likely_chord(heard("C major")) is None
