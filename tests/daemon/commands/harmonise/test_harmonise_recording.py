"""A melody from a recording: rendered by FluidSynth, heard by the note model, harmonised."""

import shutil
import subprocess
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from tests.conftest import Timbrel

MELODY = Path(__file__).parents[2] / "practice" / "harmoniser" / "melodies" / "twinkle-c-major.mid"
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


def pitches(track: mido.MidiTrack) -> list[int]:
    return [m.note for m in track if m.type == "note_on" and m.velocity]


@pytest.mark.skipif(
    not (shutil.which("fluidsynth") and SOUNDFONT.exists()), reason="needs FluidSynth and FluidR3"
)
def test_notes_of_a_recording_are_harmonised(timbrel: Timbrel, tmp_path: Path) -> None:
    sound = tmp_path / "melody.wav"
    subprocess.run(
        ["fluidsynth", "-ni", "-q", "-F", sound, "-r", "16000", SOUNDFONT, MELODY],
        check=True,
        capture_output=True,
    )
    before = sound.read_bytes()
    done = timbrel("harmonise", sound, "-o", tmp_path / "out.mid")
    assert done.returncode == 0, done.stderr
    assert ": C major, three voices" in done.stdout
    made = mido.MidiFile(tmp_path / "out.mid")
    (melody,) = [pitches(track) for track in mido.MidiFile(MELODY).tracks if pitches(track)]
    assert pitches(made.tracks[1]) == melody
    assert [len(pitches(track)) for track in made.tracks[2:]] == [len(melody)] * 3
    assert sound.read_bytes() == before


def test_noise_and_hum_are_no_melody(timbrel: Timbrel, tmp_path: Path) -> None:
    seconds = np.arange(8 * 16_000) / 16_000
    hum = sum(np.sin(2 * np.pi * 50 * k * seconds) / k for k in range(1, 5))
    for sound in (0.1 * np.random.default_rng(1).standard_normal(len(seconds)), 0.05 * hum):
        file = tmp_path / "sound.wav"
        soundfile.write(file, np.asarray(sound, np.float32), 16_000)
        done = timbrel("harmonise", file, "-o", tmp_path / "out.mid")
        assert done.returncode == 2
        assert done.stderr == (
            f"timbrel: {file}: no melody was heard in it; play or sing it alone, and louder\n"
        )
        assert not (tmp_path / "out.mid").exists()
