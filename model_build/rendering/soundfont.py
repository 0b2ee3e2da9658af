"""Notes and one General MIDI programme in, mono float32 samples at 16 kHz out, by fluidsynth."""

import errno
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
SYNTHESIS_RATE_HZ = 48_000  # above what the instruments were sampled at, so that nothing aliases
RING_OUT_SECONDS = 2.0
TICKS_PER_SECOND = 1000
SHORTEST_SECONDS = 2 / TICKS_PER_SECOND
HIGHEST_MIDI = 127
DRUM_CHANNEL = 9
EMPTY_WAV_BYTES = 100
FLUID_R3 = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


class Note(NamedTuple):
    """One key held down: pitch 0..127 (60 is middle C) and velocity 1..127."""

    start_seconds: float
    seconds: float
    pitch_midi: int
    velocity: int


def render(
    notes: Sequence[Note], programme: int, *, drums: bool = False, soundfont: Path = FLUID_R3
) -> NDArray[np.float32]:
    """Play the notes on a General MIDI programme (0..127), or on the drum kit of that number.

    Returns mono samples at 16 kHz, shape (n,), without reverb and chorus, that go on for 2 s after
    the last key is up; loud chords may exceed full scale. Raises ValueError for what MIDI cannot
    express or the soundfont cannot sound, FileNotFoundError naming the package to install when
    fluidsynth or the soundfont is missing, OSError when the disk of temporary files is full, and
    CalledProcessError when fluidsynth fails.
    """
    midi = standard_midi_file(notes, programme, drums=drums)
    with tempfile.TemporaryDirectory() as folder:
        score = Path(folder, "score.mid")
        score.write_bytes(midi)
        mono = _synthesise(score, soundfont)
    last_key_up_seconds = max(note.start_seconds + note.seconds for note in notes)
    if mono.size < last_key_up_seconds * SYNTHESIS_RATE_HZ:
        # fluidsynth is silent about it and ends well.
        raise OSError(errno.ENOSPC, "no room for temporary files")
    if not mono.any():
        raise ValueError(f"{soundfont} holds no sound for programme {programme}, drums={drums}")
    resampled = soxr.resample(mono, SYNTHESIS_RATE_HZ, SAMPLE_RATE_HZ)
    seconds = last_key_up_seconds + RING_OUT_SECONDS
    samples = np.zeros(round(seconds * SAMPLE_RATE_HZ), dtype=np.float32)
    samples[: resampled.size] = resampled[: samples.size]
    return samples


def standard_midi_file(notes: Sequence[Note], programme: int, *, drums: bool = False) -> bytes:
    """Return the notes as a Standard MIDI File with one track, timed in milliseconds.

    A pitch struck again while it is held is released first. Raises ValueError when there is no
    note or a value that MIDI cannot express.
    """
    if not notes:
        raise ValueError("there is no note to play")
    if not 0 <= programme <= HIGHEST_MIDI:
        raise ValueError(f"programme must be 0..{HIGHEST_MIDI}, not {programme}")
    channel = DRUM_CHANNEL if drums else 0
    track = bytearray(b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big"))  # a beat is a second
    track += bytes((0, 0xC0 | channel, programme))
    now = 0
    for tick, velocity, pitch in sorted(_key_events(notes)):
        track += _variable_length(tick - now) + bytes((0x90 | channel, pitch, velocity))
        now = tick
    track += _variable_length(_ticks(RING_OUT_SECONDS)) + b"\xff\x2f\x00"
    header = b"".join(number.to_bytes(2, "big") for number in (0, 1, TICKS_PER_SECOND))
    return b"MThd\x00\x00\x00\x06" + header + b"MTrk" + len(track).to_bytes(4, "big") + track


def _synthesise(score: Path, soundfont: Path) -> NDArray[np.float32]:
    """Return a MIDI file's sound, shape (n,), at the synthesis rate."""
    fluidsynth = shutil.which("fluidsynth")
    if fluidsynth is None:
        raise FileNotFoundError("fluidsynth is missing: apt install fluidsynth")
    if not soundfont.is_file():
        raise FileNotFoundError(f"{soundfont} is missing: apt install fluid-soundfont-gm")
    with soundfont.open("rb") as file:
        # fluidsynth would quietly play its default soundfont instead.
        if file.read(12)[8:] != b"sfbk":
            raise ValueError(f"{soundfont} is not a soundfont")
    sound = score.with_suffix(".wav")
    options = ["-ni", "-q", "-R", "0", "-C", "0", "-r", str(SYNTHESIS_RATE_HZ)]
    # Floats, because loud chords would clip as integers.
    options += ["-O", "float", "-T", "wav", "-F", str(sound)]
    command = [fluidsynth, *options, str(soundfont), str(score)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (no shell is involved)
    if not sound.is_file() or sound.stat().st_size < EMPTY_WAV_BYTES:
        return np.zeros(0, dtype=np.float32)
    stereo, _ = soundfile.read(sound, dtype="float32", always_2d=True)
    return np.asarray(stereo.mean(axis=1), dtype=np.float32)


def _key_events(notes: Sequence[Note]) -> list[tuple[int, int, int]]:
    """Return (tick, velocity, pitch) of every key that goes down or, with velocity 0, up."""
    events = []
    struck_again_seconds: dict[int, float] = {}
    for note in sorted(notes, reverse=True):
        _check(note)
        end_seconds = note.start_seconds + note.seconds
        end_seconds = min(end_seconds, struck_again_seconds.get(note.pitch_midi, end_seconds))
        events.append((_ticks(note.start_seconds), note.velocity, note.pitch_midi))
        events.append((_ticks(end_seconds), 0, note.pitch_midi))
        struck_again_seconds[note.pitch_midi] = note.start_seconds
    return events


def _check(note: Note) -> None:
    if note.start_seconds < 0 or note.seconds < SHORTEST_SECONDS:
        raise ValueError(f"a note starts at 0 s or later and lasts {SHORTEST_SECONDS} s: {note}")
    if not (0 <= note.pitch_midi <= HIGHEST_MIDI and 1 <= note.velocity <= HIGHEST_MIDI):
        raise ValueError(f"pitch is 0..{HIGHEST_MIDI} and velocity 1..{HIGHEST_MIDI}: {note}")


def _ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)


def _variable_length(number: int) -> bytes:
    """Return the number in MIDI's base 128: high digits first, all but the last marked."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))
