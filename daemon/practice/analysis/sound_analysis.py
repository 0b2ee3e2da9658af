"""All analysers that are wanted, on one stretch of sound."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.analysis.level_trace import LevelTrace
from daemon.practice.analysis.note_stream import REACH_SECONDS, NoteStream
from daemon.practice.analysis.peak_trace import PeakTrace
from daemon.practice.analysis.pitch_trace import PitchTrace
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.rhythm_trace import RhythmTrace
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.switches import Switches


class SoundAnalysis:
    """Hears sound without a gap; an analyser that is not wanted is None.

    Each remembers the last `keep_seconds`, or everything if that is None. `network` None: no notes
    are recognized. Times of notes begin with `origin_seconds`.
    """

    def __init__(
        self,
        switches: Switches,
        network: NoteNetwork | None,
        *,
        keep_seconds: float | None = None,
        origin_seconds: float = 0.0,
    ) -> None:
        self.pitch: PitchTrace | None = None
        self.notes: NoteStream | None = None
        if switches.needs_notes:
            reach = None if keep_seconds is None else keep_seconds + REACH_SECONDS
            self.pitch = PitchTrace(reach)
            if network is not None:
                self.notes = NoteStream(network, self.pitch, switches.reference_hz, origin_seconds)
        self.peaks = PeakTrace(keep_seconds) if switches.needs_peaks else None
        self.rhythm = RhythmTrace(keep_seconds) if switches.needs_rhythm else None
        self.levels = LevelTrace(keep_seconds) if switches.needs_levels else None

    def push(self, samples: NDArray[np.float32]) -> list[PlayedNote]:
        """Hear (n,) further samples at 16 kHz; return the notes that they complete."""
        for trace in (self.pitch, self.peaks, self.rhythm, self.levels):
            if trace is not None:
                trace.push(samples)
        return [] if self.notes is None else self.notes.push(samples)

    def finish(self) -> list[PlayedNote]:
        """End the sound; return the remaining notes."""
        for trace in (self.pitch, self.peaks):
            if trace is not None:
                trace.finish()
        return [] if self.notes is None else self.notes.finish()
