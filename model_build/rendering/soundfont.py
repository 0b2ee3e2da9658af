"""Plays notes on an instrument of a soundfont, with fluidsynth: mono samples at 16 kHz."""

import errno
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from model_build.rendering.midi_file import RING_OUT_SECONDS, Note, Part, score_file

SAMPLE_RATE_HZ = 16_000
SYNTHESIS_RATE_HZ = 48_000  # above the rate of the instruments' samples, to avoid aliasing
EMPTY_WAV_BYTES = 100
FLUID_R3 = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


def render(
    notes: Sequence[Note], program: int, *, drums: bool = False, soundfont: Path = FLUID_R3
) -> NDArray[np.float32]:
    """Play the notes on a General MIDI program (0..127), or with `drums` on that drum kit.

    Returns mono samples at 16 kHz, shape (n,), without reverb and chorus. They continue for 2 s
    after the last key is released; loud chords may exceed full scale. Raises ValueError for notes
    that MIDI cannot express or the soundfont has no sound for, FileNotFoundError naming the package
    if fluidsynth or the soundfont is missing, OSError if the disk of temporary files is full, and
    CalledProcessError if fluidsynth fails.
    """
    return render_parts([Part(notes, program, drums)], soundfont=soundfont)


def render_parts(parts: Sequence[Part], *, soundfont: Path = FLUID_R3) -> NDArray[np.float32]:
    """Play the parts together; returns and raises as `render`."""
    midi = score_file(parts)
    notes = [note for part in parts for note in part.notes]
    last_release_seconds = max(note.start_seconds + note.seconds for note in notes)
    resampled = render_score(midi, last_release_seconds, soundfont)
    if not resampled.any():
        programs = ", ".join(f"program {p.program}, drums={p.drums}" for p in parts)
        raise ValueError(f"{soundfont} holds no sound for {programs}")
    seconds = last_release_seconds + RING_OUT_SECONDS
    samples = np.zeros(round(seconds * SAMPLE_RATE_HZ), dtype=np.float32)
    samples[: resampled.size] = resampled[: samples.size]
    return samples


def render_score(
    midi: bytes, least_seconds: float, soundfont: Path = FLUID_R3
) -> NDArray[np.float32]:
    """Play a Standard MIDI File; return mono samples at 16 kHz, shape (n,), as `render` does.

    Raises the errors of `render`; the disk counts as full if the sound is shorter than
    `least_seconds`.
    """
    with tempfile.TemporaryDirectory() as folder:
        score = Path(folder, "score.mid")
        score.write_bytes(midi)
        mono = _synthesise(score, soundfont)
    if mono.size < least_seconds * SYNTHESIS_RATE_HZ:
        # On a full disk, fluidsynth writes less and exits with 0.
        raise OSError(errno.ENOSPC, "no room for temporary files")
    return np.asarray(soxr.resample(mono, SYNTHESIS_RATE_HZ, SAMPLE_RATE_HZ), np.float32)


def _synthesise(score: Path, soundfont: Path) -> NDArray[np.float32]:
    """Return the sound of a MIDI file, shape (n,), at the synthesis rate."""
    fluidsynth = shutil.which("fluidsynth")
    if fluidsynth is None:
        raise FileNotFoundError("fluidsynth is missing: apt install fluidsynth")
    if not soundfont.is_file():
        raise FileNotFoundError(f"{soundfont} is missing: apt install fluid-soundfont-gm")
    with soundfont.open("rb") as file:
        # Otherwise fluidsynth would play its default soundfont, without an error.
        if file.read(12)[8:] != b"sfbk":
            raise ValueError(f"{soundfont} is not a soundfont")
    sound = score.with_suffix(".wav")
    options = ["-ni", "-q", "-R", "0", "-C", "0", "-r", str(SYNTHESIS_RATE_HZ)]
    # Read only the instruments that play: the same sound in half of the time.
    options += ["-o", "synth.dynamic-sample-loading=1"]
    # As floats, because loud chords would clip as integers.
    options += ["-O", "float", "-T", "wav", "-F", str(sound)]
    command = [fluidsynth, *options, str(soundfont), str(score)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (no shell is involved)
    if not sound.is_file() or sound.stat().st_size < EMPTY_WAV_BYTES:
        return np.zeros(0, dtype=np.float32)
    stereo, _ = soundfile.read(sound, dtype="float32", always_2d=True)
    return np.asarray(stereo.mean(axis=1), dtype=np.float32)
