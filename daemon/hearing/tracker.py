"""Turn the scores of successive windows into events: a state machine without a clock.

A window in which a family reaches its threshold is a detection. `votes` detections within
`vote_seconds` start an event; `stop_after_seconds` without one end it. Onset and end are moved
back in time to where the sound began and ended.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.rules import Rules
from daemon.sound.window import WINDOW_SECONDS

# A window becomes a detection once the family fills about half of it, as scores are a mean over it.
_FILL_SECONDS = WINDOW_SECONDS / 2
_EPSILON_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class EventStarted:
    """A family has started to play. Times are seconds of sound."""

    family: str
    """Its name in the model."""
    onset: float
    """When the sound began."""
    at: float
    """When the event was confirmed: the end of the deciding window."""
    score: float
    """The newest score, 0..1."""


@dataclass(frozen=True, slots=True)
class EventEnded:
    """A family has stopped playing. Times are seconds of sound."""

    family: str
    """Its name in the model."""
    onset: float
    """When the sound began."""
    at: float
    """When the end was decided: the end of the deciding window, or of the sound itself."""
    score: float
    """The newest score, 0..1."""
    ended_at: float
    """When the sound ended."""
    peak: float
    """The highest score during the event, 0..1."""
    reason: str | None = None
    """Why the event ended if not because the music stopped, such as `deaf`."""

    @property
    def duration_seconds(self) -> float:
        """Seconds from onset to end."""
        return self.ended_at - self.onset


Event = EventStarted | EventEnded


class Tracker:
    """Tracks the events of all families of one source."""

    def __init__(self, families: Sequence[str], rules: Sequence[Rules], hop_seconds: float) -> None:
        self._tracks = [
            _Track(family, family_rules, hop_seconds)
            for family, family_rules in zip(families, rules, strict=True)
        ]

    def update(self, at: float, scores: NDArray[np.float32]) -> list[Event]:
        """Return the events that the window ending at `at` starts or ends; scores (families,)."""
        events = (t.update(at, s) for t, s in zip(self._tracks, scores.tolist(), strict=True))
        return [event for event in events if event is not None]

    def close(self, at: float, reason: str | None = None) -> list[Event]:
        """End all open events, because the sound ended at `at`, and reset the tracker."""
        ended = (track.close(at, reason) for track in self._tracks)
        return [event for event in ended if event is not None]

    def retune(self, rules: Sequence[Rules]) -> None:
        """Replace the rules; open events continue under the new ones."""
        for track, family_rules in zip(self._tracks, rules, strict=True):
            track.rules = family_rules

    def open_events(self) -> list[EventStarted]:
        """Return the events that have not ended yet, with their newest scores."""
        return [event for t in self._tracks if (event := t.open_event()) is not None]


class _Track:
    """Tracks one family: a run of detections, which becomes an event once it is confirmed."""

    def __init__(self, family: str, rules: Rules, hop_seconds: float) -> None:
        self._family = family
        self.rules = rules
        self._half_hop = hop_seconds / 2
        self._votes: deque[float] = deque()
        self._newest: float | None = None
        self._earliest_onset = 0.0
        self._forget_run()

    def _forget_run(self) -> None:
        self._onset: float | None = None
        self._last_at = 0.0
        self._score = 0.0
        self._peak = 0.0
        self._started: EventStarted | None = None
        self._votes.clear()

    def update(self, at: float, score: float) -> Event | None:
        rules = self.rules
        detected = score >= (rules.threshold if self._started is None else rules.release)
        if detected:
            self._add_detection(at, score)
        elif (
            self._onset is not None
            and at - self._last_at >= rules.stop_after_seconds - _EPSILON_SECONDS
        ):
            return self._end(at, score, self._sound_end(), None)
        self._newest, self._score = at, score
        onset = self._onset
        if detected and self._started is None and onset is not None and self._confirmed(at, onset):
            self._started = EventStarted(self._family, onset, at, score)
            return self._started
        return None

    def close(self, at: float, reason: str | None) -> Event | None:
        newest = at if self._newest is None else self._newest
        stopped_at = at if self._last_at >= newest else self._sound_end()
        # A recording shorter than a window ends before its padded window does.
        ended = self._end(max(at, newest), self._score, min(at, stopped_at), reason)
        self._newest = None
        self._earliest_onset = 0.0
        return ended

    def open_event(self) -> EventStarted | None:
        if self._started is None:
            return None
        return EventStarted(self._family, self._started.onset, self._started.at, self._score)

    def _add_detection(self, at: float, score: float) -> None:
        if self._onset is None:
            self._onset = max(self._earliest_onset, self._sound_start(at))
        self._last_at = at
        self._peak = max(self._peak, score)
        if self._started is None:
            self._votes.append(at)

    def _sound_start(self, at: float) -> float:
        """Return when the sound of the first detection began; `at` is the end of its window."""
        if self._newest is None:
            return max(0.0, at - WINDOW_SECONDS)
        return max(0.0, at - _FILL_SECONDS - self._half_hop)

    def _sound_end(self) -> float:
        """Return when the sound of the last detection ended; the mirror image of `_sound_start`."""
        return self._last_at - (WINDOW_SECONDS - _FILL_SECONDS) + self._half_hop

    def _confirmed(self, at: float, onset: float) -> bool:
        rules = self.rules
        while self._votes and self._votes[0] <= at - rules.vote_seconds + _EPSILON_SECONDS:
            self._votes.popleft()
        long_enough = at - onset >= rules.start_after_seconds - _EPSILON_SECONDS
        # A sound that ends within the cooldown does not start an event.
        return len(self._votes) >= rules.votes and long_enough and self._sound_end() > onset

    def _end(
        self, at: float, score: float, stopped_at: float, reason: str | None
    ) -> EventEnded | None:
        started, peak = self._started, self._peak
        self._forget_run()
        if started is None:
            return None
        ended_at = min(at, max(started.onset, stopped_at))
        self._earliest_onset = ended_at + self.rules.cooldown_seconds
        return EventEnded(self._family, started.onset, at, score, ended_at, peak, reason)
