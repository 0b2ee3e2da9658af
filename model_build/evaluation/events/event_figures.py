"""Compute the figures of the daemon's events on one or more days; pure arithmetic."""

from collections.abc import Sequence

import msgspec
import numpy as np

from daemon.hearing.tracker import Event
from model_build.evaluation.events.messages import message_delays
from model_build.evaluation.events.outcomes import outcome, verdict
from model_build.evaluation.events.replayed import Replayed, replayed
from model_build.windows.home_day import Passage


class EventFigures(msgspec.Struct, frozen=True):
    """How well the events of all days match their music."""

    passages: int
    """Number of music passages."""
    hits: float
    """Share of passages of which events cover at least half, 0..1."""
    right: float
    """Share of passages of which events of an accepted family cover at least half, 0..1.

    Such events must also last longer than those of any family that nobody played.
    """
    onset_error_seconds: float | None
    """Median of the absolute error over right passages; None if there are none."""
    end_error_seconds: float | None
    """Median of the absolute error over right passages; None if there are none."""
    false_events: int
    """Number of events that touch no music."""
    wrong_events: int
    """Number of events that touch only music of other families."""
    hours: float
    """Length of all days together."""
    messages: int = 0
    """Number of passages whose family was published while they lasted."""
    message_seconds: float | None = None
    """Median time from the true start of such a passage to its message; None without messages."""
    slow_message_seconds: float | None = None
    """The same time for the slowest tenth: 90 % of the messages come sooner."""
    days: int = 1
    """Number of days."""


def event_figures(
    passages: Sequence[Passage], events: Sequence[Event], seconds: float
) -> EventFigures:
    """Compare the tracker's events with the passages of `seconds` of sound."""
    return pooled_figures([replayed(seconds, passages, events)])


def pooled_figures(days: Sequence[Replayed]) -> EventFigures:
    """Return the figures over the passages and events of all days together."""
    outcomes = [outcome(passage, day.music, day.events) for day in days for passage in day.music]
    right = [one for one in outcomes if one.right]
    verdicts = [verdict(event, day.music) for day in days for event in day.events]
    messages = message_delays(days)
    return EventFigures(
        passages=len(outcomes),
        hits=sum(one.hit for one in outcomes) / max(1, len(outcomes)),
        right=len(right) / max(1, len(outcomes)),
        onset_error_seconds=_median([one.onset_error_seconds for one in right]),
        end_error_seconds=_median([one.end_error_seconds for one in right]),
        false_events=verdicts.count("false"),
        wrong_events=verdicts.count("wrong"),
        hours=sum(day.seconds for day in days) / 3600.0,
        messages=messages.messages,
        message_seconds=messages.median_seconds,
        slow_message_seconds=messages.slow_seconds,
        days=len(days),
    )


def _median(seconds: Sequence[float]) -> float | None:
    return float(np.median(seconds)) if seconds else None
