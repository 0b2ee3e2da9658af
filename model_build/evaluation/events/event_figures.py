"""Compute the figures of the daemon's events on a day; pure arithmetic."""

from collections.abc import Sequence

import msgspec
import numpy as np

from daemon.hearing.tracker import EventEnded
from model_build.evaluation.events.outcomes import outcome, verdict
from model_build.windows.home_day import Passage


class EventFigures(msgspec.Struct, frozen=True):
    """How well the events of a day match its music."""

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
    """Length of the day."""


def event_figures(
    passages: Sequence[Passage], events: Sequence[EventEnded], seconds: float
) -> EventFigures:
    """Compare the tracker's events with the passages of `seconds` of sound."""
    music = [passage for passage in passages if passage.accepts]
    outcomes = [outcome(passage, music, events) for passage in music]
    right = [one for one in outcomes if one.right]
    verdicts = [verdict(event, music) for event in events]
    return EventFigures(
        passages=len(music),
        hits=sum(one.hit for one in outcomes) / max(1, len(music)),
        right=len(right) / max(1, len(music)),
        onset_error_seconds=_median([one.onset_error_seconds for one in right]),
        end_error_seconds=_median([one.end_error_seconds for one in right]),
        false_events=verdicts.count("false"),
        wrong_events=verdicts.count("wrong"),
        hours=seconds / 3600.0,
    )


def _median(seconds: Sequence[float]) -> float | None:
    return float(np.median(seconds)) if seconds else None
