from daemon.practice.analysis.reference import referred
from daemon.practice.harmony.harmony import Chord, Harmony

FOUND = Harmony(
    "A major",
    0.8,
    "A major",
    [Chord(0.0, 1.0, "N"), Chord(1.0, 2.0, "C#:min"), Chord(2, 3, "E:maj")],
)


def test_standard_pitch_and_slight_deviations_change_nothing() -> None:
    for reference_hz in (440.0, 442.0, 435.0):
        assert referred(FOUND, reference_hz) == FOUND
    assert referred(None, 415.0) is None


def test_baroque_pitch_names_everything_a_semitone_higher() -> None:
    found = referred(FOUND, 415.0)
    assert found is not None
    assert (found.key, found.guessed_key, found.key_confidence) == ("Bb major", "Bb major", 0.8)
    assert [chord.label for chord in found.chords] == ["N", "D:min", "F:maj"]
    assert [chord.start_seconds for chord in found.chords] == [0.0, 1.0, 2.0]


def test_choir_pitch_names_everything_a_semitone_lower() -> None:
    found = referred(FOUND._replace(key=None, guessed_key="C minor"), 466.0)
    assert found is not None
    assert (found.key, found.guessed_key) == (None, "B minor")
    assert [chord.label for chord in found.chords] == ["N", "C:min", "D#:maj"]
