import pytest

from daemon.errors import InputError
from daemon.practice.harmoniser.keys import Key, key_of_signature, parse_key


@pytest.mark.parametrize(
    ("text", "tonic", "mode", "name"),
    [
        ("A minor", 9, "minor", "A minor"),
        ("eb major", 3, "major", "Eb major"),
        ("F#m", 6, "minor", "F# minor"),
        ("Bb", 10, "major", "Bb major"),
        ("C:maj", 0, "major", "C major"),
        ("d# min", 3, "minor", "Eb minor"),
        ("Gb major", 6, "major", "F# major"),
        ("C M", 0, "major", "C major"),
    ],
)
def test_reads_the_name_of_a_key(text: str, tonic: int, mode: str, name: str) -> None:
    key = parse_key(text)
    assert (key.tonic, key.mode, str(key)) == (tonic, mode, name)


@pytest.mark.parametrize("text", ["", "H major", "A dorian", "minor", "A#b", "C major or so"])
def test_refuses_what_is_no_key(text: str) -> None:
    with pytest.raises(InputError, match=r"unknown key: .* 'A minor'"):
        parse_key(text)


@pytest.mark.parametrize(
    ("fifths", "name"),
    [
        *((0, "C major"), (0, "A minor"), (1, "G major"), (-3, "Eb major"), (-3, "C minor")),
        *((4, "C# minor"), (5, "B major"), (-5, "Db major"), (-6, "Eb minor")),
    ],
)
def test_signature_and_key_belong_together(fifths: int, name: str) -> None:
    key = key_of_signature(fifths, minor=name.endswith("minor"))
    assert str(key) == name
    assert key is not None
    assert key.fifths == fifths


@pytest.mark.parametrize("fifths", [8, -8, -18, 127])
def test_more_than_seven_accidentals_are_no_signature(fifths: int) -> None:
    assert key_of_signature(fifths, minor=False) is None


def test_shift_leads_to_c_major_or_a_minor_the_short_way() -> None:
    for tonic in range(12):
        major, minor = Key(tonic, "major"), Key(tonic, "minor")
        assert (tonic + major.shift) % 12 == 0
        assert (tonic + minor.shift) % 12 == 9
        assert -6 <= major.shift <= 5
        assert -6 <= minor.shift <= 5


def test_spells_as_the_key_writes() -> None:
    assert Key(3, "major").spell(10) == "Bb"
    assert Key(4, "major").spell(8) == "G#"
    assert Key(9, "minor").leading_note == 8
