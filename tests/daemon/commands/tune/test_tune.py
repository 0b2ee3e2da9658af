"""`timbrel tune` as a process, on recordings and on a virtual microphone."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conftest import ROOT, Timbrel, VirtualMicrophone, killed_at_last
from tests.daemon.practice.voices import hertz, silence, tone
from tests.daemon.pseudo_terminal import on_terminal

FIXTURES = ROOT / "tests" / "daemon" / "practice" / "fixtures"
STILL_A4 = FIXTURES / "vibrato-then-still-a4.flac"
BASS = FIXTURES / "bass-e1-gs1.flac"


def read_json(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_prints_a_line_for_each_reading_with_a_note(timbrel: Timbrel) -> None:
    done = timbrel("tune", STILL_A4)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    line = "  0:07.1  A4     -0.2 cents  ──────────────────●──────────────────    440.0 Hz"
    assert line in lines
    assert {line.split()[1] for line in lines} == {"A4"}
    assert "\x1b" not in done.stdout
    assert max(map(len, lines)) <= 80


def test_json_has_ten_readings_a_second_with_the_right_notes(timbrel: Timbrel) -> None:
    readings = read_json(timbrel("tune", "--json", BASS).stdout)
    seconds = soundfile.info(BASS).duration
    assert len(readings) == int(seconds * 10)
    assert readings[0] == {"at": 0.1, "note": None, "midi": None, "cents": None, "hz": None}
    notes = [reading["note"] for reading in readings if reading["note"]]
    assert list(dict.fromkeys(notes)) == ["E1", "F1", "F#1", "G1", "G#1"]
    cents = [abs(reading["cents"]) for reading in readings if reading["note"]]
    assert np.quantile(cents, 0.9) < 5.0


def test_a4_moves_notes_and_cents(timbrel: Timbrel) -> None:
    readings = read_json(timbrel("tune", "--json", "--a4", "442", STILL_A4).stdout)
    (still,) = [reading for reading in readings if reading["at"] == 7.0]
    assert still["note"] == "A4"
    assert still["cents"] == pytest.approx(1200.0 * np.log2(440.0 / 442.0), abs=1.0)


def test_the_reference_is_the_configured_one(timbrel: Timbrel, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("practice: {reference_hz: 442}\n")
    moved = timbrel("tune", "--json", "--config", config, STILL_A4).stdout
    assert moved == timbrel("tune", "--json", "--a4", "442", STILL_A4).stdout


def test_reads_standard_input() -> None:
    raw = (np.concatenate([tone(hertz(60), 1.0), silence(0.5)]) * 32_767).astype("<i2").tobytes()
    command = [sys.executable, "-m", "daemon", "tune", "--json", "-"]
    done = subprocess.run(command, input=raw, capture_output=True, cwd=ROOT, check=True)
    assert "C4" in {reading["note"] for reading in read_json(done.stdout.decode())}


def test_a_recording_without_a_note_says_so(timbrel: Timbrel, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "quiet.wav", silence(1.0), 16_000)
    assert timbrel("tune", tmp_path / "quiet.wav").stdout == "          no note\n"


def test_wrong_input_is_refused(timbrel: Timbrel, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("no sound")
    for arguments, message in (
        (["tune", str(tmp_path / "none.wav")], "none.wav"),
        (["tune", str(tmp_path / "text.txt")], "text.txt"),
        (["tune", str(STILL_A4), "--device", "usb"], "give either a recording or --device"),
        (["tune", "--a4", "300", str(STILL_A4)], "invalid A4: '300' (use a number from 380 to"),
        (["tune", "--a4", "high", str(STILL_A4)], "invalid A4: 'high'"),
    ):
        done = timbrel(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_without_a_microphone_one_line_says_so(timbrel: Timbrel, tmp_path: Path) -> None:
    if any(Path("/proc/asound").glob("card*")):
        pytest.skip("this machine has a sound card")
    environment = {**os.environ, "PULSE_SERVER": f"unix:{tmp_path}/nobody"}
    done = timbrel("tune", env=environment)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "microphone default cannot be opened: no microphone is connected" in line


def played_tone(folder: Path, midi: float) -> Path:
    file = folder / "tone.wav"
    soundfile.write(file, np.concatenate([tone(hertz(midi), 4.0), silence(0.2)]), 16_000)
    return file


def test_follows_a_microphone_until_a_signal(microphone: VirtualMicrophone, tmp_path: Path) -> None:
    tuner = subprocess.Popen(
        [sys.executable, "-m", "daemon", "tune", "--json", "--device", "pulse"],
        cwd=ROOT,
        env=microphone.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with killed_at_last(tuner):
        assert tuner.stdout is not None
        assert json.loads(tuner.stdout.readline())["note"] is None
        microphone.play(played_tone(tmp_path, 57.12)).wait(30)
        notes: list[dict[str, Any]] = []
        for line in tuner.stdout:
            reading = json.loads(line)
            if reading["note"] is None and len(notes) > 20:
                break
            notes += [reading] if reading["note"] else []
        tuner.send_signal(signal.SIGINT)
        tuner.communicate(timeout=10)
        assert tuner.returncode == 0
    assert {reading["note"] for reading in notes[1:-1]} == {"A3"}
    assert np.median([reading["cents"] for reading in notes]) == pytest.approx(12.0, abs=1.0)
    steps = np.diff([reading["at"] for reading in notes])
    assert np.allclose(steps, 0.1)


def test_a_terminal_shows_a_needle_that_moves(
    microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    arguments = ("-m", "daemon", "tune", "--device", "pulse")
    with on_terminal(*arguments, env=microphone.environment, columns=60) as terminal:
        terminal.wait_for(lambda: "┼" in terminal.text)
        player = microphone.play(played_tone(tmp_path, 57.3))
        terminal.wait_for(lambda: "A3    +30" in terminal.text or "A3    +29" in terminal.text)
        player.wait(30)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 0
        frames = terminal.text.split("\r")
        assert any("●" in frame and "Hz" in frame for frame in frames)
        assert max(len(frame.splitlines()[0]) for frame in frames[1:] if frame.strip()) <= 60
        assert terminal.text.endswith("\n")
