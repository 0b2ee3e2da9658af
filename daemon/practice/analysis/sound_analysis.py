"""All analysers that are wanted, on one stretch of sound."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.analysis.level_trace import LevelTrace
from daemon.practice.analysis.note_stream import NoteStream
from daemon.practice.analysis.peak_trace import PeakTrace
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.rhythm_trace import RhythmTrace
from daemon.practice.genre.genre_network import GenreNetwork
from daemon.practice.genre.genre_trace import LAST_SECONDS, GenreTrace
from daemon.practice.harmony.harmony import HarmonyStream
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.notes.transcriber import Transcriber
from daemon.practice.switches import Switches
from daemon.practice.tuning import a4_hz
from daemon.sound.window import SAMPLE_RATE_HZ

SPAN_SECONDS = 30.0
"""The figures are those of the last 30 s."""
BLOCK_SECONDS = 1.0
"""Sound is analysed in blocks of at least this length: shorter ones are dearer."""

_BLOCK_SAMPLES = round(BLOCK_SECONDS * SAMPLE_RATE_HZ)


class SoundAnalysis:
    """Hears sound without a gap; an analyser that is not wanted is None.

    Each remembers the last 30 s, the genre the last minute. `network` None: no notes are
    recognized; `genre_network` None: no genre. Times of notes begin with `origin_seconds`.
    """

    def __init__(
        self,
        switches: Switches,
        network: NoteNetwork | None,
        origin_seconds: float = 0.0,
        genre_network: GenreNetwork | None = None,
    ) -> None:
        self.notes: NoteStream | None = None
        if switches.needs_notes and network is not None:
            source = Transcriber(network)
            self.notes = NoteStream(source, switches.reference_hz, origin_seconds)
        self.harmony = HarmonyStream() if switches.needs_harmony else None
        self._wants_a4 = switches.needs_peaks
        self._peaks: PeakTrace | None = None
        # The harmony finds the steady partials on its way.
        if switches.needs_peaks and self.harmony is None:
            self._peaks = PeakTrace(SPAN_SECONDS)
        self.rhythm = RhythmTrace(SPAN_SECONDS) if switches.needs_rhythm else None
        self.levels = LevelTrace(SPAN_SECONDS) if switches.needs_levels else None
        self.genre = None if genre_network is None else GenreTrace(genre_network, LAST_SECONDS)
        # Notes that are shown while they sound cannot wait for a whole block.
        self._are_notes_urgent = switches.live_notes
        self._waiting: list[NDArray[np.float32]] = []

    def push(self, samples: NDArray[np.float32]) -> list[PlayedNote]:
        """Hear (n,) further samples at 16 kHz; return the notes that they complete.

        Unless `live_notes` is on, that can be up to a second later.
        """
        self._waiting.append(samples.copy())
        notes = self._find_notes(samples) if self._are_notes_urgent else []
        if sum(map(len, self._waiting)) >= _BLOCK_SAMPLES:
            notes += self._hear_waiting()
        return notes

    def finish(self) -> list[PlayedNote]:
        """End the sound; return the remaining notes."""
        notes = self._hear_waiting()
        return notes if self.notes is None else notes + self.notes.finish()

    def _hear_waiting(self) -> list[PlayedNote]:
        if not self._waiting:
            return []
        samples = np.concatenate(self._waiting)
        self._waiting.clear()
        for trace in (self.harmony, self._peaks, self.rhythm, self.levels, self.genre):
            if trace is not None:
                trace.push(samples)
        return [] if self._are_notes_urgent else self._find_notes(samples)

    def _find_notes(self, samples: NDArray[np.float32]) -> list[PlayedNote]:
        return [] if self.notes is None else self.notes.push(samples)

    def a4_hz(self) -> float | None:
        """Return the A4 that the last 30 s amount to, in hertz; None if it is unknown."""
        if self._wants_a4 and self.harmony is not None:
            return a4_hz(self.harmony.steady_peaks())
        return None if self._peaks is None else self._peaks.a4_hz()
