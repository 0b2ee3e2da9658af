import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from tests.conftest import Timbrel
from tests.daemon.practice.harmoniser.made_midi import (
    ODE,
    key_signature,
    meta,
    midi,
    tempo,
    tune,
    written,
)

MELODIES = Path(__file__).parents[2] / "practice" / "harmoniser" / "melodies"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def harmonise(timbrel: Timbrel, tmp_path: Path) -> Run:
    """Return a function that harmonises a file in a folder of its own."""

    def run(melody: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
        return timbrel("harmonise", melody, *arguments, cwd=tmp_path, env=environment)

    return run


def notes(track: mido.MidiTrack) -> list[tuple[int, str, int, int]]:
    """Return tick, type, pitch and velocity of a track's key events."""
    tick, found = 0, []
    for message in track:
        tick += message.time
        if message.type in {"note_on", "note_off"}:
            found.append((tick, message.type, message.note, message.velocity))
    return found


@pytest.mark.parametrize("style", ["chorale", "pop"])
def test_melody_comes_back_untouched(harmonise: Run, tmp_path: Path, style: str) -> None:
    melody = MELODIES / "tempo-on-second-track.mid"
    before = hashlib.sha256(melody.read_bytes()).digest()
    done = harmonise(melody, "-o", "out.mid", "--style", style)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("out.mid: C major, ")
    assert hashlib.sha256(melody.read_bytes()).digest() == before
    made, own = mido.MidiFile(tmp_path / "out.mid"), mido.MidiFile(melody)
    assert made.ticks_per_beat == own.ticks_per_beat
    (played,) = [notes(track) for track in own.tracks if notes(track)]
    assert notes(made.tracks[1]) == played
    names = [track.name for track in made.tracks[2:]]
    assert names == (["alto", "tenor", "bass"] if style == "chorale" else ["chords"])
    onsets, seconds = [], 0.0
    for message in made:  # merges all tracks, with times in seconds
        seconds += message.time
        if message.type == "note_on" and message.velocity and message.channel == 0:
            onsets.append(round(seconds, 3))
    assert onsets == [0, 1, 2, 3, 4, 4.5, 5, 5.5, 6, 6.667, 7.333, 8]


def test_texts_of_any_encoding_come_back(harmonise: Run, tmp_path: Path) -> None:
    name = "メロディ".encode("cp932")
    written(tmp_path, midi(meta(0, 3, name) + tune(*ODE)))
    assert harmonise(Path("tune.mid")).returncode == 0
    assert name in (tmp_path / "tune-harmonised.mid").read_bytes()


def test_existing_files_are_replaced_only_with_force(harmonise: Run, tmp_path: Path) -> None:
    melody = written(tmp_path, midi(tune(*ODE)))
    other = written(tmp_path, b"mine", "tune-harmonised.mid")
    done = harmonise(melody)
    assert done.returncode == 2
    assert "tune-harmonised.mid: exists; name another file, or replace it with" in done.stderr
    assert other.read_bytes() == b"mine"
    assert harmonise(melody, "--force").returncode == 0
    assert other.read_bytes()[:4] == b"MThd"


@pytest.mark.parametrize("output", ["tune.mid", "link.mid"])
def test_the_melody_is_never_replaced(harmonise: Run, tmp_path: Path, output: str) -> None:
    melody = written(tmp_path, midi(tune(*ODE)))
    (tmp_path / "link.mid").symlink_to(melody)
    content = melody.read_bytes()
    done = harmonise(melody, "-o", output, "--force")
    assert done.returncode == 2
    assert "is the melody itself" in done.stderr
    assert melody.read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["none.mid"], "none.mid: not found"),
        (["."], ".: Is a directory"),
        (["tune.mid", "--key", "H dur"], "unknown key: 'H dur'"),
        (["tune.mid", "-o", "none/out.mid"], "none: no such folder"),
        (["tune.mid", "-o", "."], ".: is a folder"),
        (["tune.mid", "-o", "a.wav", "--audio", "a.wav"], "is named for both outputs"),
        (["tune.mid", "--track", "7"], "track 7 has no notes; tracks with notes: 1"),
        (["tune.mid", "--track", "0"], "invalid track: '0'"),
        (["text.mid"], "text.mid: not a MIDI file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_invalid_input_is_one_line(
    harmonise: Run, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    written(tmp_path, midi(tune(*ODE)))
    written(tmp_path, b"no music", "text.mid")
    done = harmonise(Path(arguments[0]), *arguments[1:])
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "tune-harmonised.mid").exists()
    if "--track 0" not in " ".join(arguments):
        assert len(done.stderr.splitlines()) == 1


def test_says_what_was_ignored_and_moved(harmonise: Run, tmp_path: Path) -> None:
    low = tune(*(pitch - 24 for pitch in (*ODE, 60)))
    written(tmp_path, midi(key_signature(6, 0) + low))
    lines = harmonise(Path("tune.mid")).stdout.splitlines()
    assert lines[0].startswith("tune-harmonised.mid: C major, three voices, ")
    assert lines[1:] == [
        "the key signature of F# major does not fit the notes and was ignored",
        "the melody is outside the soprano's range; harmonised as if 2 octaves higher",
    ]


def test_smpte_time_keeps_its_seconds(harmonise: Run, tmp_path: Path) -> None:
    written(tmp_path, midi(tune(*ODE, ticks=500), division=-25 * 256 + 40))
    assert harmonise(Path("tune.mid")).returncode == 0
    made = mido.MidiFile(tmp_path / "tune-harmonised.mid")
    assert made.length == pytest.approx(0.5 * len(ODE), abs=0.02)


def test_five_minutes_are_harmonised(harmonise: Run, tmp_path: Path) -> None:
    minutes = 5
    written(tmp_path, midi(tempo(500_000) + tune(*ODE * (120 * minutes // len(ODE)))))
    assert harmonise(Path("tune.mid")).returncode == 0
    length = mido.MidiFile(tmp_path / "tune-harmonised.mid").length
    assert length == pytest.approx(60 * minutes, abs=1)


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed")
def test_audio_is_the_whole_piece(harmonise: Run, tmp_path: Path) -> None:
    done = harmonise(MELODIES / "twinkle-c-major.mid", "-o", "out.mid", "--audio", "out.wav")
    assert (done.returncode, done.stderr) == (0, "")
    samples, rate = soundfile.read(tmp_path / "out.wav")
    assert len(samples) / rate >= mido.MidiFile(tmp_path / "out.mid").length
    assert np.abs(samples).max() > 0.02


def test_audio_without_fluidsynth_is_refused_before_anything_is_written(
    harmonise: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    melody = written(tmp_path, midi(tune(*ODE)))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = harmonise(melody, "--audio", "out.wav")
    assert done.returncode == 2
    assert "--audio needs FluidSynth" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tune.mid"]
