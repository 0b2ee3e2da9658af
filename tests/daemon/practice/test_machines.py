"""Machines and speech are no music: no notes, no tempo, no key, no A4, without the families."""

import numpy as np
import pytest

from daemon.practice.analysis.note_stream import NoteStream
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.recording import analyse
from daemon.practice.notes.built_in import BUILT_IN_NOTE_MODEL
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.transcriber import Transcriber
from tests.daemon.practice.machines import fan, mains_hum, microwave_oven, motor, refrigerator
from tests.daemon.practice.voices import RATE_HZ, Samples, hertz, noisy, scale, silence, tone

SECONDS = 7.0
MACHINES = {
    "hum at 50 Hz": mains_hum(50.0, SECONDS, 1),
    "loud hum at 60 Hz": mains_hum(60.0, SECONDS, 1, level_dbfs=-12.0),
    "faint hum at 100 Hz": mains_hum(100.0, SECONDS, 1, level_dbfs=-45.0),
    "hum of a grid that is off": mains_hum(60.06, SECONDS, 4),
    "refrigerator at 50 Hz": refrigerator(50.0, SECONDS, 1),
    "refrigerator at 60 Hz": refrigerator(60.0, SECONDS, 2),
    "hum with strong high lines": mains_hum(50.0, SECONDS, 14),
    "microwave oven at 50 Hz": microwave_oven(50.0, SECONDS, 3),
    "microwave oven at 60 Hz": microwave_oven(60.0, SECONDS, 13),
    "fan": fan(SECONDS, 1),
    "fan like a waterfall": fan(SECONDS, 7),
}


def heard(sound: Samples) -> list[PlayedNote]:
    stream = NoteStream(Transcriber(load_note_network(BUILT_IN_NOTE_MODEL)), 440.0)
    return sorted(stream.push(sound) + stream.finish())


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_has_no_notes_tempo_key_and_a4(name: str) -> None:
    found = analyse([MACHINES[name]], load_note_network(BUILT_IN_NOTE_MODEL), 440.0)
    bpm = None if found.rhythm is None else found.rhythm.tempo_bpm
    assert (found.notes, bpm, found.key, found.a4_hz) == ([], None, None, None)


def test_hum_is_not_shown_while_it_sounds() -> None:
    stream = NoteStream(Transcriber(load_note_network(BUILT_IN_NOTE_MODEL)), 440.0)
    stream.push(mains_hum(50.0, 3.0, 1))
    assert stream.sounding.notes == ()


def test_a_bass_plays_its_notes_close_to_hum() -> None:
    # G1 is 35 cents below 50 Hz, and B1 half a semitone above 60 Hz.
    notes = heard(scale([31, 35, 43, 47], 0.8))
    assert [note.midi for note in notes] == [31, 35, 43, 47]


def test_a_drone_keeps_its_notes_close_to_hum() -> None:
    # G2 is 35 cents below 100 Hz; the partials of the others are not on its comb, either.
    drone = sum(tone(hertz(midi), 5.0) for midi in (43, 50, 59))
    assert {note.midi for note in heard(np.asarray(0.5 * drone, np.float32))} == {43, 50, 59}


def test_a_motor_that_speeds_up_plays_no_scale() -> None:
    notes = heard(motor(60.0, 400.0, SECONDS, 1))
    assert len(notes) <= 3


def test_notes_that_a_portamento_joins_are_notes() -> None:
    steps = np.repeat([60.0, 64.0, 67.0, 72.0], RATE_HZ // 2)
    glide = np.ones(RATE_HZ // 10) * 10.0 / RATE_HZ
    midis = np.convolve(np.pad(steps, (len(glide), 0), mode="edge"), glide, "valid")
    turns = np.cumsum(440.0 * 2.0 ** ((midis - 69.0) / 12.0)) / RATE_HZ
    voice = sum(0.1 * np.sin(2.0 * np.pi * k * turns) / k for k in range(1, 8))
    notes = heard(np.asarray(voice, np.float32))
    assert {60, 64, 67, 72} <= {note.midi for note in notes}


def test_music_over_faint_hum_keeps_its_notes() -> None:
    melody = np.concatenate([silence(2.0), scale([60, 64, 67, 72], 0.8), silence(1.0)])
    hum = mains_hum(50.0, len(melody) / RATE_HZ, 2, level_dbfs=-50.0)
    notes = [note for note in heard(melody + hum[: len(melody)]) if note.loudness > -45.0]
    assert [note.midi for note in notes] == [60, 64, 67, 72]


@pytest.mark.parametrize("attack_seconds", [0.1, 0.3])
def test_a_soft_bow_keeps_its_notes(attack_seconds: float) -> None:
    parts = []
    for midi in (62, 66, 69):
        bowed = tone(hertz(midi), 1.2, vibrato_hz=5.5, vibrato_cents=15.0)
        rise = np.minimum(np.arange(len(bowed)) / (attack_seconds * RATE_HZ), 1.0)
        parts += [(bowed * rise).astype(np.float32), silence(0.3)]
    assert [note.midi for note in heard(np.concatenate(parts))] == [62, 66, 69]


def syllables(count: int, seed: int) -> Samples:
    """Return short voiced sounds whose pitch falls or rises by some semitones."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(count):
        length = round(rng.uniform(0.13, 0.24) * RATE_HZ)
        start, slide = rng.uniform(45.0, 55.0), rng.choice([-1.0, 1.0]) * rng.uniform(2.0, 4.0)
        midis = start + slide * np.linspace(0.0, 1.0, length) ** 1.5
        turns = np.cumsum(440.0 * 2.0 ** ((midis - 69.0) / 12.0)) / RATE_HZ
        voice = sum(np.sin(2.0 * np.pi * k * turns + k) / k for k in range(1, 16))
        parts += [
            0.1 * voice * np.hanning(length),
            np.zeros(round(rng.uniform(0.03, 0.2) * 16_000)),
        ]
    return noisy(np.concatenate(parts).astype(np.float32), 30.0, seed)


@pytest.mark.parametrize("seed", range(3))
def test_most_syllables_are_no_notes(seed: int) -> None:
    assert len(heard(syllables(30, seed))) < 6


def test_fast_notes_and_a_portamento_are_notes() -> None:
    fast = scale([60, 62, 64, 65, 67, 69, 71, 72], 0.14, 0.02)
    slide = tone(hertz(64), 0.2)
    assert len(heard(np.concatenate([fast, slide]))) == 9
