"""Decide which family has played a note."""

import math
from collections.abc import Sequence

import numpy as np

from daemon.hearing.pipeline import Observation
from daemon.hearing.tracker import EventEnded
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.parts.midi_file import Part
from daemon.sound.window import WINDOW_SECONDS

UNKNOWN = "unknown"
"""The part of a recording in which no family was recognized."""

# Onsets of events are known to half a second.
_ONSET_SECONDS = 0.5


class Players:
    """Remembers the events and the scores of a recording."""

    def __init__(self, families: Sequence[str]) -> None:
        self._families = list(families)
        self._events: dict[tuple[str, float], float] = {}
        self._middles: list[float] = []
        self._scores: list[list[float]] = []

    def observe(self, observation: Observation) -> None:
        """Remember the events and the scores of a window."""
        self._middles.append(observation.heard.ended_at - WINDOW_SECONDS / 2.0)
        self._scores.append(observation.heard.scores.tolist())
        for event in observation.events:
            end = event.ended_at if isinstance(event, EventEnded) else math.inf
            self._events[event.family, event.onset] = end

    def parts(self, notes: Sequence[PlayedNote]) -> list[Part]:
        """Return the notes of each family that plays.

        A note belongs to the family with the highest score of those that play at its onset, else to
        the family of the note before. Notes before the first family belong to that one.
        """
        family = min(self._events, key=lambda event: event[1])[0] if self._events else UNKNOWN
        played: dict[str, list[PlayedNote]] = {}
        for note in sorted(notes, key=lambda note: note.onset):
            family = self._family_at(note.onset) or family
            played.setdefault(family, []).append(note)
        return [Part(name, of_family) for name, of_family in played.items()]

    def _family_at(self, seconds: float) -> str | None:
        playing = {
            family
            for (family, onset), end in self._events.items()
            if onset - _ONSET_SECONDS <= seconds <= end
        }
        if not playing:
            return None
        nearest = int(np.abs(np.array(self._middles) - seconds).argmin())
        return max(playing, key=lambda f: self._scores[nearest][self._families.index(f)])
