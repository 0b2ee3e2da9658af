"""Tempo while music plays: the last 30 s of log-mel frames, and what a session amounts to."""

from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from daemon.practice.beats.onset_strength import FRAMES_PER_SECOND
from daemon.practice.beats.spans import SPAN_FRAMES
from daemon.practice.tempo import Rhythm, find_rhythm, tempo_drift

BANDS = 64
"""Bands of the log-mel."""

_DRIFT_FRAMES = 2 * SPAN_FRAMES
_Bpm = Annotated[float, Meta(gt=0, le=1_000)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class TempoSums(msgspec.Struct):
    """What the tempo of a session amounts to; it can be stored. Add one rhythm every 30 s."""

    slowest_bpm: _Bpm | None = None
    """The lowest tempo so far."""
    fastest_bpm: _Bpm | None = None
    """The highest tempo so far."""
    stabilities: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    """Sum of the `tempo_stability` of the rhythms."""
    counted: _Count = 0
    """How many of them there were."""

    def add(self, rhythm: Rhythm | None) -> None:
        """Count the rhythm of 30 s; one without a steady tempo changes nothing."""
        if rhythm is None or rhythm.tempo_bpm is None:
            return
        self.slowest_bpm = min(self.slowest_bpm or rhythm.tempo_bpm, rhythm.tempo_bpm)
        self.fastest_bpm = max(self.fastest_bpm or rhythm.tempo_bpm, rhythm.tempo_bpm)
        if rhythm.tempo_stability is not None:
            self.stabilities += rhythm.tempo_stability
            self.counted += 1

    @property
    def tempo_range(self) -> tuple[float, float] | None:
        """The slowest and the fastest tempo; None if none was steady."""
        if self.slowest_bpm is None or self.fastest_bpm is None:
            return None
        return self.slowest_bpm, self.fastest_bpm

    @property
    def tempo_stability(self) -> float | None:
        """Mean of the `tempo_stability`; None if no tempo was steady."""
        return self.stabilities / self.counted if self.counted else None


class LiveRhythm:
    """Finds the rhythm of the last 30 s of the frames it is given."""

    def __init__(self) -> None:
        self.sums = TempoSums()
        """The session so far, by spans of 30 s."""
        self._frames = np.zeros((SPAN_FRAMES, BANDS), np.float32)
        self._known = 0
        self._played = 0
        self._spans = 0
        self._first_bpm: float | None = None

    def push(self, frames: NDArray[np.float32]) -> None:
        """Append successive log-mel frames (n, 64), 100 a second."""
        kept = frames[-SPAN_FRAMES:]
        if len(kept):
            self._frames[: -len(kept)] = self._frames[len(kept) :]
            self._frames[-len(kept) :] = kept
        self._known = min(SPAN_FRAMES, self._known + len(frames))
        self._played += len(frames)

    def forget_frames(self) -> None:
        """Start again after a gap in the sound; the session goes on."""
        self._known = 0

    def now(self) -> Rhythm | None:
        """Return the rhythm of the last 30 s or, before that, of what is known.

        Times are from the start of those frames. Returns None as `find_rhythm` does.
        """
        rhythm = find_rhythm(self._frames[SPAN_FRAMES - self._known :])
        spans = self._played // SPAN_FRAMES
        if spans > self._spans:
            if self._spans == 0 and rhythm is not None:
                self._first_bpm = rhythm.tempo_bpm
            self.sums.add(rhythm)
            self._spans = spans
        return rhythm

    def drift(self, rhythm: Rhythm | None) -> float | None:
        """Return the `tempo_drift` of the newest rhythm against the first 30 s.

        Returns None before 60 s of playing, and if either has no steady tempo.
        """
        if rhythm is None or rhythm.tempo_bpm is None or self._first_bpm is None:
            return None
        if self._played < _DRIFT_FRAMES:
            return None
        return tempo_drift(self._first_bpm, rhythm.tempo_bpm)

    @property
    def played_seconds(self) -> float:
        """Sound of the session so far, in seconds."""
        return self._played / FRAMES_PER_SECOND
