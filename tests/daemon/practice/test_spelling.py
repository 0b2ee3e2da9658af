import pytest

from daemon.practice.spelling import (
    NAMES_OF_KEYS,
    chord_name,
    note_name,
    pitch_class,
    pitch_class_name,
)

SCALES = {
    "C major": "C D E F G A B",
    "A minor": "A B C D E F G",
    "Eb major": "Eb F G Ab Bb C D",
    "C minor": "C D Eb F G Ab Bb",
    "F# major": "F# G# A# B C# D# E#",
    "Db major": "Db Eb F Gb Ab Bb C",
    "Eb minor": "Eb F Gb Ab Bb Cb Db",
    "G# minor": "G# A# B C# D# E F#",
    "B major": "B C# D# E F# G# A#",
}


@pytest.mark.parametrize("key", SCALES)
def test_a_key_spells_its_own_scale(key: str) -> None:
    names = SCALES[key].split()
    assert [pitch_class_name(pitch_class(name), key) for name in names] == names


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("Eb major", "C Db D Eb E F Gb G Ab A Bb B"),
        ("C major", "C C# D Eb E F F# G G# A Bb B"),
        ("A minor", "C C# D D# E F F# G G# A Bb B"),
        ("G# minor", "C C# D D# E F F# G G# A A# B"),
    ],
)
def test_notes_outside_the_scale_are_plain_where_possible(key: str, names: str) -> None:
    assert " ".join(pitch_class_name(k, key) for k in range(12)) == names


def test_without_a_key_black_keys_are_sharps() -> None:
    assert " ".join(map(pitch_class_name, range(12))) == "C C# D D# E F F# G G# A A# B"


@pytest.mark.parametrize(
    ("midi", "key", "name"),
    [
        (69, None, "A4"),
        (60, None, "C4"),
        (75, "Eb major", "Eb5"),
        (75, "E major", "D#5"),
        (75, None, "D#5"),
        (71, "Eb minor", "Cb5"),
        (65, "F# major", "E#4"),
        (0, None, "C-1"),
    ],
)
def test_note_names_have_the_octave_of_their_letter(midi: int, key: str | None, name: str) -> None:
    assert note_name(midi, key) == name


def test_chords_are_spelt_like_notes() -> None:
    assert chord_name("D#:maj", "Eb major") == "Eb:maj"
    assert chord_name("Eb:min", None) == "D#:min"
    assert chord_name("N", "Eb major") == "N"


def test_every_key_spells_twelve_different_notes_that_sound_as_asked() -> None:
    assert len(set(NAMES_OF_KEYS)) == 24
    for key in NAMES_OF_KEYS:
        names = [pitch_class_name(k, key) for k in range(12)]
        assert [pitch_class(name) for name in names] == list(range(12))
        assert len(set(names)) == 12


@pytest.mark.parametrize("name", ["", "H", "Ex", "e"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no such note"):
        pitch_class(name)


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="no such key: 'D# major'"):
        note_name(60, "D# major")
