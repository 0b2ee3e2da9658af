"""`timbrel replay --notes` and `--midi`, with a note model that hears harmonic tones."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile

from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from tests.conftest import MEDLEY, Timbrel
from tests.daemon.practice.note_model_by_hand import NOTE_MODEL
from tests.daemon.practice.voices import scale, silence

MIDIS = [60, 62, 64, 65, 67, 69, 71, 74]
# The tail of 0.5 s is in no window of the families.
SOUND = np.concatenate([silence(0.5), scale(MIDIS, 0.5, 0.0)])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "timbrel.yaml"
    path.write_text(f"model: {{notes_file: {NOTE_MODEL}}}\n")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scale.wav"
    soundfile.write(path, SOUND, 16_000)
    return path


def notes_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if "note" in line]


def test_json_lines_have_documented_fields(timbrel: Timbrel, file: Path, config: Path) -> None:
    notes = notes_of(timbrel("replay", "--notes", "--json", "--config", config, file))
    assert [note["note"] for note in notes] == ["C4", "D4", "E4", "F4", "G4", "A4", "B4", "D5"]
    assert [note["midi"] for note in notes] == MIDIS
    for number, note in enumerate(notes):
        assert set(note) == {"file", "note", "onset", "offset", "midi", "cents", "loudness"}
        assert note["file"] == str(file)
        assert note["onset"] == pytest.approx(0.5 + 0.5 * number, abs=0.06)
        assert note["cents"] == pytest.approx(0.0, abs=1.0)


def test_notes_follow_the_reference(timbrel: Timbrel, file: Path, config: Path) -> None:
    arguments = ["replay", "--notes", "--json", "--a4", "415", "--config", config, file]
    assert notes_of(timbrel(*arguments))[0]["note"] == "C#4"


def test_text_lines_name_note_cents_and_length(timbrel: Timbrel, file: Path, config: Path) -> None:
    done = timbrel("replay", "--notes", "--config", config, file)
    first = next(line for line in done.stdout.splitlines() if "cents" in line)
    assert first.split()[:2] == ["0:00.5", "C4"]


def test_midi_has_the_seconds_of_the_json(timbrel: Timbrel, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "medley.mid"
    arguments = ["--notes", "--json", "--midi", path, "--config", config, MEDLEY]
    notes = notes_of(timbrel("replay", *arguments))
    assert len(notes) > 10
    onsets = sorted((note["onset"], note["midi"]) for note in notes)
    written = sorted(_onsets(mido.MidiFile(path)))
    assert [midi for _, midi in written] == [midi for _, midi in onsets]
    assert [at for at, _ in written] == pytest.approx([at for at, _ in onsets], abs=0.005)
    names = [track.name for track in mido.MidiFile(path).tracks[1:]]
    assert {"guitar", "flute"} <= set(names) <= set(read_contract(BUILT_IN_MODEL).families)


def _onsets(file: mido.MidiFile) -> Sequence[tuple[float, int]]:
    at, found = 0.0, []
    for message in file:
        at += message.time
        if message.type == "note_on":
            found.append((at, message.note))
    return found


def test_silence_writes_midi_without_notes(timbrel: Timbrel, config: Path, tmp_path: Path) -> None:
    quiet, path = tmp_path / "silence.wav", tmp_path / "silence.mid"
    soundfile.write(quiet, silence(5.0), 16_000)
    done = timbrel("replay", "--midi", path, "--config", config, quiet)
    assert done.returncode == 0
    assert _onsets(mido.MidiFile(path)) == []


def test_midi_is_refused_for_several_files(timbrel: Timbrel, config: Path, file: Path) -> None:
    done = timbrel("replay", "--midi", "x.mid", "--config", config, file, file)
    assert done.returncode == 2
    assert "--midi is for one recording" in done.stderr


def test_events_are_the_same_with_notes(timbrel: Timbrel, config: Path) -> None:
    plain = timbrel("replay", "--json", "--config", config, MEDLEY).stdout.splitlines()
    both = timbrel("replay", "--json", "--notes", "--config", config, MEDLEY).stdout.splitlines()
    assert [line for line in both if '"event"' in line] == plain


def test_hears_m4a(timbrel: Timbrel, config: Path, file: Path, tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    m4a = tmp_path / "scale.m4a"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", file, m4a], check=True)
    notes = notes_of(timbrel("replay", "--notes", "--json", "--config", config, m4a))
    assert [note["midi"] for note in notes] == MIDIS


@pytest.mark.parametrize("a4", ["0", "379", "501", "x", "nan", "inf"])
def test_refuses_a_reference_that_no_instrument_has(timbrel: Timbrel, file: Path, a4: str) -> None:
    done = timbrel("replay", "--notes", "--a4", a4, file)
    assert done.returncode == 2
    assert "use a number from 380 to 500" in done.stderr
