"""A melody to harmonise, from a MIDI file or a recording, and the file that it is written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from daemon.errors import InputError
from daemon.practice.harmoniser.files.midi_file import import_mido, read_midi
from daemon.practice.harmoniser.files.midi_tune import clock_of, conductor, melody_track, tune_of
from daemon.practice.harmoniser.files.midi_writer import Part, write_harmony
from daemon.practice.harmoniser.harmony import Harmony
from daemon.practice.harmoniser.heard_tune import beat_seconds, beats_of_notes
from daemon.practice.harmoniser.tune import Tune, TuneNote

_MIDI_HEADER: Final = b"MThd"
_MIDI_SUFFIXES: Final = {".mid", ".midi", ".smf"}
_TICKS_PER_QUARTER: Final = 480
_VELOCITY: Final = 80
_VOICE_PROGRAM, _CHORD_PROGRAM = 52, 0  # Choir Aahs, Acoustic Grand Piano


class HeardNote(Protocol):
    """A note that was heard in a recording."""

    @property
    def onset_seconds(self) -> float:
        """Seconds from the beginning of the recording."""

    @property
    def offset_seconds(self) -> float:
        """Seconds from the beginning of the recording."""

    @property
    def midi(self) -> int:
        """Nearest MIDI pitch."""


@dataclass(frozen=True)
class MelodySource:
    """A melody, and what is needed to write it again with its harmony."""

    tune: Tune
    """The melody."""
    ticks_per_quarter: int
    """Time base of its file."""
    conductor: list[tuple[int, Any]]
    """Tempos and time signatures by tick."""
    track: Any
    """All messages of the melody's track."""

    def write(self, path: Path, harmony: Harmony) -> None:
        """Write the melody as it came, and its harmony."""
        mido, key = import_mido(), harmony.key
        signature = mido.MetaMessage(
            "key_signature", fifths=key.fifths, mode=int(key.mode == "minor")
        )
        parts = [
            Part(
                name=name,
                program=_CHORD_PROGRAM if len(harmony.parts) == 1 else _VOICE_PROGRAM,
                notes=notes,
                texts=() if index else harmony.chords,
            )
            for index, (name, notes) in enumerate(harmony.parts.items())
        ]
        write_harmony(
            path,
            ticks_per_quarter=self.ticks_per_quarter,
            conductor=[(0, signature), *self.conductor],
            melody=self.track,
            parts=parts,
        )


def is_midi(path: Path) -> bool:
    """Return whether a file is a MIDI file by its content, or by its name if it has no content.

    Raises InputError if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_MIDI_HEADER))
    except FileNotFoundError:
        raise InputError(f"{path}: not found") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    return head == _MIDI_HEADER or path.suffix.lower() in _MIDI_SUFFIXES


def midi_source(path: Path, track: int | None = None) -> MelodySource:
    """Return the melody of a MIDI file: of the track `track`, or the first one with notes.

    Raises InputError if the file or the track cannot be used.
    """
    file = read_midi(path)
    chosen = melody_track(file, track, path)
    clock, mido = clock_of(file), import_mido()
    signs = [pair for pair in conductor(file, chosen) if pair[1].type != "key_signature"]
    if clock.tempo_microseconds is not None:
        signs = [(0, mido.MetaMessage("set_tempo", tempo=clock.tempo_microseconds))]
    return MelodySource(tune_of(file, chosen, path), clock.ticks_per_quarter, signs, chosen)


def heard_source(notes: Sequence[HeardNote], path: Path) -> MelodySource:
    """Return the melody of notes that were heard in a recording.

    The tempo is the one of its notes; their times keep the precision of a tick, a millisecond or
    two. Raises InputError if there is no note.
    """
    if not notes:
        raise InputError(f"{path}: no melody was heard in it; play or sing it alone, and louder")
    mido = import_mido()
    period = beat_seconds(np.unique([note.onset_seconds for note in notes]))
    tempo = round(period * 1_000_000)
    ticks_per_second = _TICKS_PER_QUARTER * 1_000_000 / tempo
    found = [
        TuneNote(
            start := round(note.onset_seconds * ticks_per_second),
            max(start + 1, round(note.offset_seconds * ticks_per_second)),
            int(note.midi),
        )
        for note in notes
    ]
    melody = tuple(sorted(found))
    beats, bars = beats_of_notes(melody, ticks_per_second)
    return MelodySource(
        Tune(melody, beats, bars),
        _TICKS_PER_QUARTER,
        [(0, mido.MetaMessage("set_tempo", tempo=tempo))],
        _track(mido, melody),
    )


def _track(mido: Any, notes: Sequence[TuneNote]) -> Any:
    """Return a track with the notes on the first channel."""
    events = sorted(
        event
        for note in notes
        for event in ((note.start, _VELOCITY, note.midi), (note.end, 0, note.midi))
    )
    events.sort(key=lambda event: (event[0], event[1] > 0))
    track, now = mido.MidiTrack([mido.MetaMessage("track_name", name="melody")]), 0
    for tick, velocity, midi in events:
        kind = "note_on" if velocity else "note_off"
        track.append(mido.Message(kind, note=midi, velocity=velocity, time=tick - now))
        now = tick
    return track
