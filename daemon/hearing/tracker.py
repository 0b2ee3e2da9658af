"""Turn the patches and scores of successive windows into events: a state machine without a clock.

Enough evidence from patches starts a family's event (see `evidence`). `stop_after_seconds` without
a window whose score reaches the release score end it; after a long pause, only new evidence
continues it. Onset and end are moved back in time to where the sound began and ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.evidence import Evidence
from daemon.hearing.logits import logit, probability_of
from daemon.hearing.patch_grid import PatchLogits
from daemon.hearing.rules import Rules
from daemon.sound.window import WINDOW_SECONDS

# A window reaches the release score while the family fills about half of it, as scores are a mean.
_FILL_SECONDS = WINDOW_SECONDS / 2
# After a longer pause, only sound that would start an event continues an open one: a score that
# just reaches the release score is often another instrument. Version 0.1 ended events after it.
_PAUSE_SECONDS = 6.0
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
    """The newest score, 0..1; for up to 4 s after the onset, that of the sound since then."""


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
        self._evidence = Evidence(_threshold_logits(rules))
        self._needed = _needed_evidence(rules)

    def update(
        self, at: float, scores: NDArray[np.float32], patches: Sequence[PatchLogits]
    ) -> list[Event]:
        """Return the events that the window ending at `at` starts or ends.

        `scores` (families,) are the window's; `patches` are those that became due with it.
        """
        starts = self._count(patches)
        events: list[Event] = []
        for number, (track, score) in enumerate(zip(self._tracks, scores.tolist(), strict=True)):
            start = starts.get(number)
            if track.is_open:
                since_onset = probability_of(self._evidence.mean_logit(number))
                speaks = bool(self._evidence.rose[number])
                ended = track.update(
                    at, score, since_onset, speaks=speaks, is_evident=start is not None
                )
                if ended is not None:
                    self._evidence.forget(number)
                    events.append(ended)
            elif start is not None:
                events.append(track.start(at, score, start))
            track.newest = at
        return events

    def close(self, at: float, reason: str | None = None) -> list[Event]:
        """End all open events, because the sound ended at `at`, and reset the tracker."""
        ended = (track.close(at, reason) for track in self._tracks)
        events: list[Event] = [event for event in ended if event is not None]
        self._evidence = Evidence(self._evidence.threshold_logits)
        return events

    def retune(self, rules: Sequence[Rules]) -> None:
        """Replace the rules; open events continue under the new ones."""
        for track, family_rules in zip(self._tracks, rules, strict=True):
            track.rules = family_rules
        self._evidence.threshold_logits = _threshold_logits(rules)
        self._needed = _needed_evidence(rules)

    def open_events(self) -> list[EventStarted]:
        """Return the events that have not ended yet, with their newest scores."""
        return [event for t in self._tracks if (event := t.open_event()) is not None]

    def _count(self, patches: Sequence[PatchLogits]) -> "dict[int, _Start]":
        """Count the patches; return the families whose evidence suffices for a start."""
        starts: dict[int, _Start] = {}
        evidence = self._evidence
        for patch in patches:
            evidence.add(patch)
            # Evidence that remains from earlier sound starts no event in silence.
            for number in np.flatnonzero(evidence.rose & (evidence.sums >= self._needed)).tolist():
                onset = float(evidence.onsets[number])
                track = self._tracks[number]
                if number not in starts and (track.is_open or track.may_start(patch, onset)):
                    score = probability_of(evidence.mean_logit(number))
                    starts[number] = _Start(onset, score)
        return starts


@dataclass(frozen=True, slots=True)
class _Start:
    onset: float
    """Seconds of sound."""
    score: float
    """The score of the sound since the onset."""


class _Track:
    """Tracks one family: its open event, if any, and the end of the one before."""

    def __init__(self, family: str, rules: Rules, hop_seconds: float) -> None:
        self._family = family
        self.rules = rules
        self.newest: float | None = None
        self._half_hop = hop_seconds / 2
        self._started: EventStarted | None = None
        self._last_at = 0.0
        self._score = 0.0
        self._peak = 0.0
        self._earliest_onset = 0.0

    @property
    def is_open(self) -> bool:
        return self._started is not None

    def may_start(self, patch: PatchLogits, onset: float) -> bool:
        """Return whether sound since `onset` that `patch` is the end of may start an event."""
        earliest = self._earliest_onset
        lasted = patch.end_seconds - max(onset, earliest)
        return (
            lasted >= self.rules.start_after_seconds - _EPSILON_SECONDS
            # A sound that ends within the cooldown does not start an event.
            and patch.start_seconds >= earliest
        )

    def start(self, at: float, score: float, start: _Start) -> EventStarted:
        self._score = self._peak = max(score, start.score)
        self._last_at = at
        onset = max(self._earliest_onset, start.onset)
        self._started = EventStarted(self._family, onset, at, self._score)
        return self._started

    def update(
        self, at: float, score: float, since_onset: float, *, speaks: bool, is_evident: bool
    ) -> EventEnded | None:
        """Continue or end the open event.

        `since_onset` is the score of the patches since the onset; `speaks` is True if the newest
        patch spoke for the family, `is_evident` if the evidence would suffice for a start.
        """
        started = self._started
        # A window's score is too low while it contains sound from before the onset.
        is_young = started is not None and at - started.onset < WINDOW_SECONDS
        is_heard = score >= self.rules.release or (is_young and speaks)
        is_pause = at - self._last_at > _PAUSE_SECONDS + _EPSILON_SECONDS
        if is_evident or (is_heard and not is_pause):
            self._last_at = at
        elif at - self._last_at >= self.rules.stop_after_seconds - _EPSILON_SECONDS:
            return self._end(at, score, self._sound_end(), None)
        self._score = max(score, since_onset) if is_young else score
        self._peak = max(self._peak, self._score)
        return None

    def close(self, at: float, reason: str | None) -> EventEnded | None:
        newest = at if self.newest is None else self.newest
        stopped_at = at if self._last_at >= newest else self._sound_end()
        # A recording shorter than a window ends before its padded window does.
        ended = self._end(max(at, newest), self._score, min(at, stopped_at), reason)
        self.newest = None
        self._earliest_onset = 0.0
        return ended

    def open_event(self) -> EventStarted | None:
        if self._started is None:
            return None
        return EventStarted(self._family, self._started.onset, self._started.at, self._score)

    def _sound_end(self) -> float:
        """Return when the sound ended that the last window above the release score contains."""
        return self._last_at - (WINDOW_SECONDS - _FILL_SECONDS) + self._half_hop

    def _end(
        self, at: float, score: float, stopped_at: float, reason: str | None
    ) -> EventEnded | None:
        started, self._started = self._started, None
        if started is None:
            return None
        ended_at = min(at, max(started.onset, stopped_at))
        self._earliest_onset = ended_at + self.rules.cooldown_seconds
        return EventEnded(self._family, started.onset, at, score, ended_at, self._peak, reason)


def _threshold_logits(rules: Sequence[Rules]) -> NDArray[np.float64]:
    return np.array([logit(family_rules.threshold) for family_rules in rules])


def _needed_evidence(rules: Sequence[Rules]) -> NDArray[np.float64]:
    return np.array([family_rules.evidence for family_rules in rules])
