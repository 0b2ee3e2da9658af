"""Notes with their exact pitch, from real sound through a real network."""

from pathlib import Path

import numpy as np
import pytest

from daemon.practice.analysis.note_stream import NoteStream
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.notes.built_in import BUILT_IN_NOTE_MODEL
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.transcriber import Transcriber
from tests.daemon.practice.voices import Samples, hertz, scale, silence, tone

SCALE = np.concatenate([silence(0.5), scale([57.2, 60.2, 64.2, 69.2])])


def notes_of(
    sound: Samples, model: Path, *, reference_hz: float = 440.0, block: int = 4_000
) -> list[PlayedNote]:
    stream = NoteStream(Transcriber(load_note_network(model)), reference_hz)
    notes = []
    for first in range(0, len(sound), block):
        notes += stream.push(sound[first : first + block])
    return notes + stream.finish()


def test_measures_the_exact_pitch_of_a_note_that_sounds_alone(note_model: Path) -> None:
    notes = notes_of(SCALE, note_model)
    assert [note.midi for note in notes] == [57, 60, 64, 69]
    assert [note.onset for note in notes] == pytest.approx([0.5, 1.2, 1.9, 2.6], abs=0.05)
    assert [note.offset for note in notes] == pytest.approx([1.1, 1.8, 2.5, 3.2], abs=0.1)
    # The model knows the pitch only to a third of a semitone; the pitch curve to a few cents.
    assert [note.cents for note in notes] == pytest.approx([20.0] * 4, abs=3.0)


@pytest.mark.parametrize("block", [1_000, 16_000, 70_000])
def test_notes_do_not_depend_on_the_hop(note_model: Path, block: int) -> None:
    assert notes_of(SCALE, note_model, block=block) == notes_of(SCALE, note_model)


def test_notes_follow_the_reference(note_model: Path) -> None:
    # Baroque pitch is a semitone and a cent lower.
    notes = notes_of(SCALE, note_model, reference_hz=415.0)
    assert [note.midi for note in notes] == [58, 61, 65, 70]
    assert [note.cents for note in notes] == pytest.approx([21.3] * 4, abs=3.0)


def test_measures_vibrato(note_model: Path) -> None:
    swinging = tone(hertz(69), 1.5, vibrato_hz=5.5, vibrato_cents=20.0)
    longest = max(notes_of(swinging, note_model), key=lambda note: note.offset - note.onset)
    assert longest.midi == 69
    assert longest.vibrato is not None
    assert longest.vibrato.hz == pytest.approx(5.5, abs=0.3)
    assert longest.vibrato.cents == pytest.approx(20.0, abs=5.0)


def test_notes_of_a_chord_keep_the_pitch_of_the_model(note_model: Path) -> None:
    chord = tone(hertz(60), 1.0) + tone(hertz(64), 1.0)
    notes = notes_of(chord.astype(np.float32), note_model)
    assert sorted(note.midi for note in notes) == [60, 64]
    assert all(note.vibrato is None for note in notes)


def test_sounding_names_the_note_and_its_cents(note_model: Path) -> None:
    stream = NoteStream(Transcriber(load_note_network(note_model)), 440.0)
    assert stream.sounding.notes == ()
    sound = tone(hertz(69.1), 3.0)[:32_000]
    stream.push(sound)
    found = stream.sounding
    assert (found.notes, found.newest) == ((69,), 69)
    assert found.cents == pytest.approx(10.0, abs=3.0)


def test_silence_and_noise_below_hearing_have_no_notes(note_model: Path) -> None:
    quiet = 1e-5 * np.random.default_rng(0).standard_normal(48_000).astype(np.float32)
    assert notes_of(silence(2.0), note_model) == []
    assert notes_of(quiet.astype(np.float32), note_model) == []
    assert notes_of(silence(0.0), note_model) == []


def test_a_tone_between_two_keys_is_one_note() -> None:
    notes = notes_of(scale([60.5, 64.5, 67.5]), BUILT_IN_NOTE_MODEL)
    pitches = [note.midi + note.cents / 100.0 for note in notes]
    assert pitches == pytest.approx([60.5, 64.5, 67.5], abs=0.1)


def test_neighbouring_keys_that_are_struck_together_are_two_notes() -> None:
    cluster = tone(hertz(72), 1.0) + tone(hertz(73), 1.0)
    assert sorted(note.midi for note in notes_of(cluster, BUILT_IN_NOTE_MODEL)) == [72, 73]
