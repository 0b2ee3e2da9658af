"""Scores of successive windows in, events out: a pure state machine, time is an argument.

A family over its threshold in one window is a detection; enough of them within `vote_seconds` open
an event, `stop_after_seconds` without one end it. Onset and end are back-dated to the sound itself.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.rules import Rules
from daemon.sound.window import WINDOW_SECONDS

# A window counts as a detection once about half of it holds the family: the scores are a mean.
_FILL_SECONDS = WINDOW_SECONDS / 2
_EPSILON_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class EventStarted:
    """A family is playing since `onset`; `at` is when that was decided. Seconds of sound."""

    family: str
    onset: float
    at: float
    score: float


@dataclass(frozen=True, slots=True)
class EventEnded:
    """A family has stopped. `reason` tells an end that was not the player's, such as `deaf`."""

    family: str
    onset: float
    at: float
    score: float
    ended_at: float
    peak: float
    reason: str | None = None

    @property
    def duration_seconds(self) -> float:
        """Seconds from onset to end."""
        return self.ended_at - self.onset


Event = EventStarted | EventEnded


class Tracker:
    """Follows all families of one source through its windows."""

    def __init__(self, families: Sequence[str], rules: Sequence[Rules], hop_seconds: float) -> None:
        self._tracks = [
            _Track(family, family_rules, hop_seconds)
            for family, family_rules in zip(families, rules, strict=True)
        ]

    def update(self, at: float, scores: NDArray[np.float32]) -> list[Event]:
        """Events that the window ending at `at` seconds of sound brings; scores (families,)."""
        events = (t.update(at, s) for t, s in zip(self._tracks, scores.tolist(), strict=True))
        return [event for event in events if event is not None]

    def close(self, at: float, reason: str | None = None) -> list[Event]:
        """End every open event: the sound itself ended at `at`. The tracker starts anew."""
        ended = (track.close(at, reason) for track in self._tracks)
        return [event for event in ended if event is not None]

    def retune(self, rules: Sequence[Rules]) -> None:
        """Replace the rules; open events continue under the new ones."""
        for track, family_rules in zip(self._tracks, rules, strict=True):
            track.rules = family_rules

    def open_events(self) -> list[EventStarted]:
        """The events that have started and not yet ended, with their newest scores."""
        return [event for t in self._tracks if (event := t.open_event()) is not None]


class _Track:
    """One family: a run of detections with its onset, confirmed or not yet."""

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
            self._hear(at, score)
        elif (
            self._onset is not None
            and at - self._last_at >= rules.stop_after_seconds - _EPSILON_SECONDS
        ):
            return self._end(at, score, self._faded(), None)
        self._newest, self._score = at, score
        onset = self._onset
        if detected and self._started is None and onset is not None and self._confirmed(at, onset):
            self._started = EventStarted(self._family, onset, at, score)
            return self._started
        return None

    def close(self, at: float, reason: str | None) -> Event | None:
        newest = at if self._newest is None else self._newest
        stopped_at = at if self._last_at >= newest else self._faded()
        # A sound padded to its only window ends before that window does.
        ended = self._end(max(at, newest), self._score, min(at, stopped_at), reason)
        self._newest = None
        self._earliest_onset = 0.0
        return ended

    def open_event(self) -> EventStarted | None:
        if self._started is None:
            return None
        return EventStarted(self._family, self._started.onset, self._started.at, self._score)

    def _hear(self, at: float, score: float) -> None:
        if self._onset is None:
            self._onset = max(self._earliest_onset, self._back_dated(at))
        self._last_at = at
        self._peak = max(self._peak, score)
        if self._started is None:
            self._votes.append(at)

    def _back_dated(self, at: float) -> float:
        if self._newest is None:
            return max(0.0, at - WINDOW_SECONDS)
        return max(0.0, at - _FILL_SECONDS - self._half_hop)

    def _faded(self) -> float:
        """When the sound behind the last detection ended, the mirror of the onset's back-dating."""
        return self._last_at - (WINDOW_SECONDS - _FILL_SECONDS) + self._half_hop

    def _confirmed(self, at: float, onset: float) -> bool:
        rules = self.rules
        while self._votes and self._votes[0] <= at - rules.vote_seconds + _EPSILON_SECONDS:
            self._votes.popleft()
        long_enough = at - onset >= rules.start_after_seconds - _EPSILON_SECONDS
        # What sounded within the cooldown alone has not begun yet.
        return len(self._votes) >= rules.votes and long_enough and self._faded() > onset

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
