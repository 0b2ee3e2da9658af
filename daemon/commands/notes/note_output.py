"""Recognize the notes of a replayed recording, print them and write them to a MIDI file."""

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.commands.notes.choices import NoteChoices
from daemon.commands.terminal import format_time
from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.hearing.pipeline import Observation
from daemon.practice.analysis.note_object import note_object
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.notes.built_in import NO_NOTE_MODEL, configured_network
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.parts.midi_file import check_extra, write_midi
from daemon.practice.parts.recorded_notes import RecordedNotes
from daemon.practice.spelling import note_name


class NoteOutput:
    """Hears recordings, one after the other, and gives out their notes.

    Raises InputError if the note model or the library for MIDI is missing or cannot be used.
    """

    def __init__(self, settings: Settings, choices: NoteChoices, *, as_json: bool) -> None:
        network = configured_network(settings.model.notes_file)
        if network is None:
            raise InputError(NO_NOTE_MODEL)
        if choices.midi is not None:
            check_extra()
        self._network = network
        self._choices = choices
        self._reference_hz = choices.a4_hz or settings.practice.reference_hz
        self._as_json = as_json

    def begin(self, file: str, families: Sequence[str]) -> "FileNotes":
        """Begin a recording; `families` are those of the scores that are observed."""
        return FileNotes(
            *(file, self._network, self._reference_hz, self._choices, families),
            as_json=self._as_json,
        )


class FileNotes:
    """The notes of one recording; it observes the families, to which the tracks belong."""

    def __init__(
        self,
        file: str,
        network: NoteNetwork,
        reference_hz: float,
        choices: NoteChoices,
        families: Sequence[str],
        *,
        as_json: bool,
    ) -> None:
        self._file = file
        self._choices = choices
        self._as_json = as_json
        self._found = RecordedNotes(
            network, reference_hz, families, tempo_seconds=0 if choices.midi is None else None
        )
        self._notes: list[PlayedNote] = []

    def observe(self, observation: Observation) -> None:
        """Follow which families are played."""
        self._found.observe(observation)

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Hear the next samples (n,) of the recording, with their DC offset."""
        self._take(self._found.hear(samples))

    def end(self) -> None:
        """Print the last notes, and write the MIDI file."""
        self._take(self._found.finish())
        if self._choices.midi is not None:
            parts = self._found.parts(self._notes)
            write_midi(self._choices.midi, parts, self._found.tempo_bpm())

    def _take(self, notes: Sequence[PlayedNote]) -> None:
        if self._choices.midi is not None:
            self._notes += notes
        if self._choices.printed:
            for note in notes:
                print(self._line(note), flush=True)

    def _line(self, note: PlayedNote) -> str:
        name = note_name(note.midi)
        if self._as_json:
            fields = {"file": self._file, "note": name, **note_object(note)}
            return json.dumps(fields, ensure_ascii=not self._file.isprintable())
        return (
            f"{format_time(note.onset):>8}  {name:<4} {note.cents:+4.0f} cents  "
            f"{note.offset - note.onset:5.2f} s  {note.loudness:4.0f} dBFS"
        )
