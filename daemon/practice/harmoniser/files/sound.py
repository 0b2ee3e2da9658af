"""Render a MIDI file with FluidSynth."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from daemon.errors import FailedError, InputError
from daemon.system.files.whole_file import whole_file

RATE_HZ: Final = 44_100
_SOUNDFONTS: Final = tuple(
    Path(folder, name)
    for folder in ("/usr/share/sounds/sf2", "/usr/share/soundfonts")
    for name in ("default-GM.sf2", "FluidR3_GM.sf2", "TimGM6mb.sf2", "default.sf2")
)
_EMPTY_WAV_BYTES: Final = 100


def check_synthesizer() -> tuple[str, Path]:
    """Return the path of FluidSynth and of a soundfont; raises InputError if one is missing."""
    program = shutil.which("fluidsynth")
    soundfont = next((path for path in _SOUNDFONTS if path.is_file()), None)
    if program is None or soundfont is None:
        raise InputError(
            "--audio needs FluidSynth and a soundfont: apt install fluidsynth fluid-soundfont-gm"
        )
    return program, soundfont


def render_midi(midi: Path, sound: Path) -> None:
    """Play a MIDI file into a WAV file with 16-bit samples.

    Raises InputError if FluidSynth is not installed, FailedError if it fails.
    """
    program, soundfont = check_synthesizer()
    with whole_file(sound) as fresh:
        options = ["-ni", "-q", "-r", str(RATE_HZ), "-T", "wav", "-F", str(fresh)]
        done = subprocess.run(  # noqa: S603 (no shell is involved)
            [program, *options, str(soundfont), str(midi)],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode or not fresh.is_file() or fresh.stat().st_size < _EMPTY_WAV_BYTES:
            reason = (done.stderr.strip().splitlines() or ["no sound was written"])[-1]
            raise FailedError(f"FluidSynth failed: {reason}")
