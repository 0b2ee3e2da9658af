"""Write notes to a MIDI file, with one track a family."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from daemon.errors import InputError
from daemon.practice.analysis.played_note import PlayedNote

TICKS_PER_BEAT = 480
DEFAULT_BPM = 120.0
"""The tempo of a recording without a steady one."""

_DRUM_CHANNEL = 9
_CHANNELS = 16
# A velocity is 1 at this level and below, and 127 at 0 dBFS.
_SOFTEST_DBFS = -60.0
# General MIDI programs, counted from 0; others sound as a piano.
_PROGRAMS = {
    "bass": 33,
    "brass": 56,
    "flute": 73,
    "guitar": 24,
    "keyboard": 0,
    "mallet": 11,
    "organ": 19,
    "reed": 65,
    "string": 48,
    "synth_lead": 80,
    "vocal": 52,
}


class Part(NamedTuple):
    """The notes of one family."""

    family: str
    """Its name."""
    notes: Sequence[PlayedNote]
    """Its notes."""


def check_extra() -> None:
    """Raise InputError if the library that writes MIDI is not installed."""
    if not can_write_midi():
        raise InputError(
            "--midi needs the extra practice; install it with pip install 'timbrel[practice]'"
        )


def write_midi(path: Path, parts: Sequence[Part], bpm: float | None) -> None:
    """Write the bytes of `midi_bytes` to a file. Raises InputError without the library."""
    check_extra()
    path.write_bytes(midi_bytes(parts, bpm))


def can_write_midi() -> bool:
    """Return whether the library that writes MIDI is installed."""
    return find_spec("mido") is not None


def midi_bytes(parts: Sequence[Part], bpm: float | None) -> bytes:
    """Return a MIDI file of the parts, each in a track of its own after one with the tempo.

    Seconds in the file are those of the notes, within 2 ms. The library must be installed.
    """
    from mido import Message, MetaMessage, MidiFile, MidiTrack, bpm2tempo

    tempo = bpm2tempo(bpm or DEFAULT_BPM)
    # Labels can have any letters; Latin-1 is only the default of the library.
    file = MidiFile(ticks_per_beat=TICKS_PER_BEAT, type=1, charset="utf-8")
    conductor = MidiTrack([MetaMessage("set_tempo", tempo=tempo)])
    file.tracks.append(conductor)
    ticks_a_second = TICKS_PER_BEAT * 1e6 / tempo
    melodic = [channel for channel in range(_CHANNELS) if channel != _DRUM_CHANNEL]
    for number, part in enumerate(parts):
        is_drums = part.family == "drums"
        channel = _DRUM_CHANNEL if is_drums else melodic[number % len(melodic)]
        track = MidiTrack([MetaMessage("track_name", name=part.family)])
        program = _PROGRAMS.get(part.family, 0)
        track.append(Message("program_change", channel=channel, program=program))
        before = 0
        for ticks, _, kind, note, velocity in _events(part.notes, ticks_a_second):
            message = Message(
                kind, channel=channel, note=note, velocity=velocity, time=ticks - before
            )
            track.append(message)
            before = ticks
        file.tracks.append(track)
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()


def _events(
    notes: Sequence[PlayedNote], ticks_a_second: float
) -> list[tuple[int, int, str, int, int]]:
    """Return (ticks, order, message, key, velocity) of both ends of each note, in order.

    At one time, ends come before starts. A note that starts again ends just before.
    """
    events = []
    ends: dict[int, int] = {}
    for note in sorted(notes, key=lambda note: note.onset):
        start = max(round(note.onset * ticks_a_second), ends.get(note.midi, 0))
        end = max(start + 1, round(note.offset * ticks_a_second))
        ends[note.midi] = end
        loud = max(0.0, min(1.0, 1.0 - note.loudness / _SOFTEST_DBFS))
        events.append((start, 1, "note_on", note.midi, max(1, round(127 * loud))))
        events.append((end, 0, "note_off", note.midi, 0))
    return sorted(events)
