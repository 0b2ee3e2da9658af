"""Recognize the notes of a recording while its families are observed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.pipeline import Observation
from daemon.practice.analysis.dc_filter import DcFilter
from daemon.practice.analysis.note_stream import NoteStream
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.rhythm_trace import RhythmTrace
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.notes.transcriber import Transcriber
from daemon.practice.parts.midi_file import Part
from daemon.practice.parts.players import Players
from daemon.sound.window import SAMPLE_RATE_HZ

# Shorter blocks are dearer; the notes do not depend on them.
_BLOCK_SAMPLES = 2 * SAMPLE_RATE_HZ


class RecordedNotes:
    """The notes of one recording, and the families that play them.

    Notes are relative to `reference_hz`; `families` are those of the scores that are observed. The
    tempo is that of the last `tempo_seconds`; None: of everything; 0: it is not needed.
    """

    def __init__(
        self,
        network: NoteNetwork,
        reference_hz: float,
        families: Sequence[str],
        *,
        tempo_seconds: float | None,
    ) -> None:
        self._filter = DcFilter()
        self._stream = NoteStream(Transcriber(network), reference_hz)
        self._rhythm = None if tempo_seconds == 0 else RhythmTrace(tempo_seconds)
        self._players = Players(families)
        self._waiting: list[NDArray[np.float32]] = []

    def observe(self, observation: Observation) -> None:
        """Follow which families are played."""
        self._players.observe(observation)

    def hear(self, samples: NDArray[np.float32]) -> list[PlayedNote]:
        """Hear the next samples (n,) at 16 kHz, with their DC offset; return completed notes."""
        self._waiting.append(samples)
        if sum(map(len, self._waiting)) < _BLOCK_SAMPLES:
            return []
        return self._hear_waiting()

    def finish(self) -> list[PlayedNote]:
        """End the recording; return the remaining notes."""
        notes = self._hear_waiting() + self._push(self._filter.finish())
        return notes + self._stream.finish()

    def parts(self, notes: Sequence[PlayedNote]) -> list[Part]:
        """Return the notes of each family that plays; the recording has ended."""
        return self._players.parts(notes)

    def tempo_bpm(self) -> float | None:
        """Return the tempo of the recording, which has ended; None if it is unknown."""
        rhythm = None if self._rhythm is None else self._rhythm.rhythm()
        return None if rhythm is None else rhythm.tempo_bpm

    def _hear_waiting(self) -> list[PlayedNote]:
        if not self._waiting:
            return []
        samples = np.concatenate(self._waiting)
        self._waiting.clear()
        return self._push(self._filter.push(samples))

    def _push(self, samples: NDArray[np.float32]) -> list[PlayedNote]:
        if self._rhythm is not None:
            self._rhythm.push(samples)
        return self._stream.push(samples)
