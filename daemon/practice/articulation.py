"""How notes follow each other: legato, and the longest passage without a pause."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

LEGATO_SECONDS = 0.05
"""A note is tied to the one before if it begins at most this long after its end."""
TOGETHER_SECONDS = 0.05
"""Notes that begin within this time are one chord."""
PAUSE_SECONDS = 2.0
"""A longer gap ends a passage."""

_Seconds = Annotated[float, Meta(ge=-1e10, le=1e10)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Articulation(msgspec.Struct):
    """Running sums over the notes of a session; it can be stored."""

    steps: _Count = 0
    """Notes or chords that follow another one."""
    tied_steps: _Count = 0
    """How many of them are tied to the one before."""
    chord_onset_seconds: _Seconds | None = None
    """Onset of the newest note or chord; None before the first."""
    chord_end_seconds: _Seconds = 0.0
    """When the last of its notes ends."""
    passage_onset_seconds: _Seconds = 0.0
    """Onset of the newest passage."""
    passage_end_seconds: _Seconds = 0.0
    """When the last of its notes ends."""
    longest_seconds: _Seconds = 0.0
    """Duration of the longest passage."""

    def add(self, onset_seconds: float, offset_seconds: float) -> None:
        """Count a note; add notes in the order of their onsets.

        A stroke of a drum has its onset as its offset.
        """
        before = self.chord_onset_seconds
        if before is not None and onset_seconds - before <= TOGETHER_SECONDS:
            self.chord_end_seconds = max(self.chord_end_seconds, offset_seconds)
        else:
            if before is not None:
                self.steps += 1
                self.tied_steps += onset_seconds - self.chord_end_seconds <= LEGATO_SECONDS
            self.chord_onset_seconds, self.chord_end_seconds = onset_seconds, offset_seconds
        if before is None or onset_seconds - self.passage_end_seconds > PAUSE_SECONDS:
            self.passage_onset_seconds = self.passage_end_seconds = onset_seconds
        self.passage_end_seconds = max(self.passage_end_seconds, offset_seconds)
        passage_seconds = self.passage_end_seconds - self.passage_onset_seconds
        self.longest_seconds = max(self.longest_seconds, passage_seconds)

    @property
    def legato(self) -> float | None:
        """Share of the notes that begin at most 50 ms after the end of the one before, 0..1.

        Notes that overlap with the one before count; a chord counts once. None below two notes.
        """
        return self.tied_steps / self.steps if self.steps else None

    @property
    def longest_passage_seconds(self) -> float | None:
        """The longest passage without a pause of more than 2 s; None before the first note."""
        return None if self.chord_onset_seconds is None else self.longest_seconds


def articulation(notes: Iterable[tuple[float, float]]) -> Articulation:
    """Return the sums over notes, each (onset, offset) in seconds, in any order."""
    sums = Articulation()
    for onset_seconds, offset_seconds in sorted(notes):
        sums.add(onset_seconds, offset_seconds)
    return sums
