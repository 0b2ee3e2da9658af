from pathlib import Path

import mido
import pytest

from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.parts.midi_file import Part, write_midi


def note(onset: float, offset: float, midi: int = 60, loudness: float = -20.0) -> PlayedNote:
    return PlayedNote(onset, offset, midi, 0.0, loudness)


def notes_in(path: Path) -> list[tuple[float, str, int]]:
    at, found = 0.0, []
    for message in mido.MidiFile(path):
        at += message.time
        if message.type in {"note_on", "note_off"}:
            found.append((at, message.type, message.note))
    return found


@pytest.mark.parametrize("bpm", [None, 92.4, 40.0, 240.0])
def test_seconds_are_those_of_the_notes_at_any_tempo(tmp_path: Path, bpm: float | None) -> None:
    path = tmp_path / "notes.mid"
    notes = [note(0.271 + 0.613 * k, 0.8 + 0.613 * k, 60 + k % 12) for k in range(500)]
    write_midi(path, [Part("organ", notes)], bpm)
    file = mido.MidiFile(path)
    assert file.ticks_per_beat == 480
    (tempo,) = [m.tempo for m in file.tracks[0] if m.type == "set_tempo"]
    assert mido.tempo2bpm(tempo) == pytest.approx(bpm or 120.0, abs=0.001)
    onsets = [at for at, kind, _ in notes_in(path) if kind == "note_on"]
    offsets = [at for at, kind, _ in notes_in(path) if kind == "note_off"]
    assert onsets == pytest.approx([n.onset for n in notes], abs=0.005)
    assert offsets == pytest.approx([n.offset for n in notes], abs=0.005)


def test_track_has_the_label_of_a_class_in_any_script(tmp_path: Path) -> None:
    path = tmp_path / "notes.mid"
    write_midi(path, [Part("三味線", [note(0, 1)])], None)
    track = mido.MidiFile(path, charset="utf-8").tracks[1]
    assert track.name == "三味線"


def test_each_family_has_a_track_and_drums_their_channel(tmp_path: Path) -> None:
    path = tmp_path / "notes.mid"
    write_midi(path, [Part("guitar", [note(0, 1)]), Part("drums", [note(0, 1)])], None)
    _, guitar, drums = mido.MidiFile(path).tracks
    assert (guitar.name, drums.name) == ("guitar", "drums")
    assert {m.channel for m in drums if not m.is_meta} == {9}
    assert {m.channel for m in guitar if not m.is_meta} == {0}
    assert [m.program for m in guitar if m.type == "program_change"] == [24]


def test_a_note_that_starts_again_ends_before(tmp_path: Path) -> None:
    path = tmp_path / "notes.mid"
    write_midi(path, [Part("organ", [note(0.0, 1.0), note(0.99, 2.0), note(2.0, 3.0)])], None)
    kinds = [kind for _, kind, _ in notes_in(path)]
    assert kinds == ["note_on", "note_off"] * 3


def test_velocity_follows_loudness(tmp_path: Path) -> None:
    path = tmp_path / "notes.mid"
    notes = [note(k, k + 0.5, loudness=-60.0 + 20.0 * k) for k in range(5)]
    write_midi(path, [Part("organ", notes)], None)
    track = mido.MidiFile(path).tracks[1]
    assert [m.velocity for m in track if m.type == "note_on"] == [1, 42, 85, 127, 127]


def test_no_notes_are_a_valid_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.mid"
    write_midi(path, [], 90.0)
    assert len(mido.MidiFile(path).tracks) == 1
