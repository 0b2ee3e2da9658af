import pytest

from model_build.rendering.midi_file import Note, Part, score_file, standard_midi_file

A4 = Note(start_seconds=0.0, seconds=1.0, pitch_midi=69, velocity=100)
FLUTE = 73


def test_note_is_encoded_byte_by_byte() -> None:
    header = bytes.fromhex("4d546864 00000006 0000 0001 03e8")
    events = bytes.fromhex("00 ff5103 0f4240  00 c049  00 904564  8768 904500  8f50 ff2f00")
    track = b"MTrk" + len(events).to_bytes(4, "big") + events
    assert standard_midi_file([A4], FLUTE) == header + track


def test_drums_use_channel_10() -> None:
    assert b"\x99\x24\x64" in standard_midi_file([Note(0.0, 0.1, 36, 100)], 0, drums=True)


def test_releases_a_pitch_before_it_is_struck_again() -> None:
    midi = standard_midi_file([A4, A4._replace(start_seconds=0.1)], FLUTE)
    strokes = [midi[at + 2] for at in range(len(midi)) if midi[at : at + 2] == b"\x90\x45"]
    assert strokes == [100, 0, 100, 0]


@pytest.mark.parametrize(
    "note",
    [
        A4._replace(pitch_midi=128),
        A4._replace(velocity=0),
        A4._replace(velocity=128),
        A4._replace(start_seconds=-0.1),
        A4._replace(seconds=0.0),
    ],
)
def test_rejects_notes_that_midi_cannot_express(note: Note) -> None:
    with pytest.raises(ValueError, match="Note"):
        standard_midi_file([A4, note], FLUTE)


def test_rejects_no_notes_and_unknown_program() -> None:
    with pytest.raises(ValueError, match="no note"):
        standard_midi_file([], FLUTE)
    with pytest.raises(ValueError, match="program"):
        standard_midi_file([A4], 128)


def test_each_part_has_its_own_channel_and_drums_have_the_tenth() -> None:
    notes = [Note(0.0, 1.0, 60, 90)]
    parts = [Part(notes, 5), Part(notes, 8, drums=True), Part(notes, 40)]
    file = score_file(parts)
    for message in (b"\xc0\x05", b"\xc9\x08", b"\xc1\x28", b"\x90\x3c\x5a", b"\x99\x3c\x5a"):
        assert message in file
    assert score_file([Part(notes, 5)]) == standard_midi_file(notes, 5)


def test_a_score_has_at_most_15_parts_and_no_empty_one() -> None:
    notes = [Note(0.0, 1.0, 60, 90)]
    assert score_file([Part(notes, 0)] * 15)
    with pytest.raises(ValueError, match="16 parts do not fit"):
        score_file([Part(notes, 0)] * 16)
    for parts in ([], [Part([], 0)]):
        with pytest.raises(ValueError, match="no note to play"):
            score_file(parts)
    with pytest.raises(ValueError, match="at most one drum kit"):
        score_file([Part(notes, 0, drums=True)] * 2)


def test_a_part_has_a_volume() -> None:
    notes = [Note(0.0, 1.0, 60, 90)]
    assert b"\xb0\x07\x32" in score_file([Part(notes, 5, volume=50)])
    with pytest.raises(ValueError, match="volume must be"):
        score_file([Part(notes, 5, volume=128)])
