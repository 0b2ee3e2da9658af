"""The built-in note model hears the right notes, at any block length, in little memory."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from daemon.practice.notes.built_in import BUILT_IN_NOTE_MODEL
from daemon.practice.notes.note_contract import read_note_contract
from daemon.practice.notes.note_creation import Ended, Started
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.transcriber import Transcriber, notes_of
from daemon.sound.sound_file import read_sound
from tests.daemon.practice.notes.notes_sounds import tone

FIXTURES = Path(__file__).parents[1] / "fixtures"
ADDED_MEGABYTES = """
import resource
import numpy as np
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.built_in import BUILT_IN_NOTE_MODEL
from daemon.hearing.classifier import BUILT_IN_MODEL, load_classifier
from daemon.practice.notes.transcriber import Transcriber

def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6

classifier = load_classifier(BUILT_IN_MODEL)
sound = (0.1 * np.random.default_rng(1).standard_normal(16_000)).astype(np.float32)
before = megabytes()
transcriber = Transcriber(load_note_network(BUILT_IN_NOTE_MODEL))
for _ in range(60):
    transcriber.push(sound)
print(megabytes() - before)
"""


def test_a_melody_has_its_notes() -> None:
    played = [60, 64, 67, 72]
    notes = notes_of(np.concatenate([tone(midi, 0.6) for midi in played]))
    assert [note.midi for note in notes] == played
    onsets = [note.onset_seconds for note in notes]
    assert onsets == pytest.approx([0.0, 0.6, 1.2, 1.8], abs=0.05)
    assert all(abs(note.cents) < 15 for note in notes)


@pytest.mark.parametrize("name", ["bass-e1-gs1", "vibrato-then-still-a4"])
def test_field_recordings_have_their_notes(name: str) -> None:
    """Low bass notes without octave errors, and a vibrato that is not split."""
    notes = notes_of(read_sound(str(FIXTURES / f"{name}.flac")))
    with (FIXTURES / f"{name}.notes.csv").open() as file:
        expected = list(csv.DictReader(file))
    assert [note.midi for note in notes] == [round(float(row["pitch_midi"])) for row in expected]
    for note, row in zip(notes, expected, strict=True):
        assert note.onset_seconds == pytest.approx(float(row["onset_s"]), abs=0.05)
        assert note.offset_seconds == pytest.approx(float(row["offset_s"]), abs=0.3)
        assert -60 < note.loudness_dbfs < 0


def test_notes_and_their_starts_do_not_depend_on_the_blocks() -> None:
    sound = np.concatenate([tone(57, 0.5), tone(64, 0.5)])
    transcriber = Transcriber(load_note_network(BUILT_IN_NOTE_MODEL))

    def events(block: int) -> list[Started | Ended]:
        made = []
        for first in range(0, len(sound), block):
            made += transcriber.push(sound[first : first + block])
        return made + transcriber.finish()

    whole = events(len(sound))
    assert sum(isinstance(event, Started) for event in whole) == 2
    for block in (160, 1_000, 4_001):
        assert events(block) == whole


def test_a_start_is_known_after_the_look_ahead() -> None:
    """The look-ahead is that of front end, network, block and note creation together."""
    contract = read_note_contract(BUILT_IN_NOTE_MODEL)
    frames = contract.delay_frames + contract.rules.look_ahead_frames + contract.block_frames
    ahead = contract.front_end.samples_after / 16_000 + frames * contract.frame_seconds
    assert ahead <= 0.45
    transcriber = Transcriber(load_note_network(BUILT_IN_NOTE_MODEL))
    sound = np.concatenate([np.zeros(16_000, np.float32), tone(60, 2.0)])
    for first in range(0, len(sound), 1_600):
        told = transcriber.push(sound[first : first + 1_600])
        if told:
            break
    assert isinstance(told[0], Started)
    # With a hop of 0.1 s, and an onset that is found up to 50 ms late.
    assert (first + 1_600) / 16_000 - 1.0 <= ahead + 0.15


def test_reset_forgets_open_notes() -> None:
    transcriber = Transcriber(load_note_network(BUILT_IN_NOTE_MODEL))
    transcriber.push(tone(60, 1.0))
    assert list(transcriber.sounding) == [39]
    transcriber.reset()
    assert not transcriber.sounding
    assert transcriber.finish() == []


def test_silence_and_a_very_short_sound_have_no_notes() -> None:
    assert notes_of(np.zeros(0, np.float32)) == []
    assert notes_of(np.zeros(100, np.float32)) == []
    assert notes_of(np.zeros(32_000, np.float32)) == []


def test_a_stream_adds_at_most_six_megabytes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ADDED_MEGABYTES], check=True, capture_output=True, text=True
    )
    assert float(done.stdout) < 6.0
