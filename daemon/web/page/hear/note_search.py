"""The notes of an uploaded recording, as JSON objects and as a MIDI file."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.pipeline import Observation
from daemon.practice.analysis.note_object import note_object
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.parts.midi_file import can_write_midi, midi_bytes
from daemon.practice.parts.recorded_notes import RecordedNotes
from daemon.practice.spelling import note_name

if TYPE_CHECKING:
    from daemon.practice.analysis.played_note import PlayedNote

# The search for beats takes 11 MB a minute, and the service has little memory.
_TEMPO_SECONDS = 180.0


class NoteSearch:
    """Finds the notes of one recording; it observes the families, which own the notes."""

    def __init__(self, network: NoteNetwork, reference_hz: float, families: Sequence[str]) -> None:
        self._found = RecordedNotes(network, reference_hz, families, tempo_seconds=_TEMPO_SECONDS)
        self._notes: list[PlayedNote] = []

    def observe(self, observation: Observation) -> None:
        """Follow which families are played."""
        self._found.observe(observation)

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Hear the next samples (n,) of the recording."""
        self._notes += self._found.hear(samples)

    def finish(self) -> dict[str, Any]:
        """Return the notes by their onsets, the tempo, and the MIDI file in base64.

        Without the library for MIDI, `midi` is None.
        """
        self._notes += self._found.finish()
        parts = self._found.parts(self._notes)
        bpm = self._found.tempo_bpm()
        notes = [
            {"note": note_name(note.midi), "family": part.family, **note_object(note)}
            for part in parts
            for note in part.notes
        ]
        midi = midi_bytes(parts, bpm) if can_write_midi() else None
        return {
            "notes": sorted(notes, key=lambda note: (note["onset"], note["midi"])),
            "tempo_bpm": None if bpm is None else round(bpm, 2),
            "midi": None if midi is None else base64.b64encode(midi).decode(),
        }
