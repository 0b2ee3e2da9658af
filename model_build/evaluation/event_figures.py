"""The tracker's events and what was really playing in, figures out; pure arithmetic."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from daemon.hearing.tracker import EventEnded
from model_build.windows.home_day import Passage

TOLERANCE_SECONDS = 2.0
HEARD_SHARE = 0.5

Span = tuple[float, float]


class EventFigures(msgspec.Struct, frozen=True):
    """What became of the music passages of a day, and what was heard where none was.

    `hits`: share of passages that events cover for half or more; `right`: of all passages, those
    covered so by accepted families, more than by any that nobody played; errors are medians of
    absolute seconds over the right ones, None where there is none; `false_events` touch no music;
    `wrong_events` touch music of other families only.
    """

    passages: int
    hits: float
    right: float
    onset_error_seconds: float | None
    end_error_seconds: float | None
    false_events: int
    wrong_events: int
    hours: float


class Outcome(NamedTuple):
    """What became of one music passage; the errors, in seconds, where it was heard right."""

    hit: bool
    right: bool
    onset_error_seconds: float = 0.0
    end_error_seconds: float = 0.0


def event_figures(
    passages: Sequence[Passage], events: Sequence[EventEnded], seconds: float
) -> EventFigures:
    """Compare the tracker's events with the passages of `seconds` of sound."""
    music = [passage for passage in passages if passage.accepts]
    found = [outcome(passage, music, events) for passage in music]
    right = [one for one in found if one.right]
    verdicts = [verdict(event, music) for event in events]
    return EventFigures(
        passages=len(music),
        hits=sum(one.hit for one in found) / max(1, len(music)),
        right=len(right) / max(1, len(music)),
        onset_error_seconds=_median([one.onset_error_seconds for one in right]),
        end_error_seconds=_median([one.end_error_seconds for one in right]),
        false_events=verdicts.count("false"),
        wrong_events=verdicts.count("wrong"),
        hours=seconds / 3600.0,
    )


def outcome(passage: Passage, music: Sequence[Passage], events: Sequence[EventEnded]) -> Outcome:
    """What the events, all of a day's, make of one of its music passages."""
    played = {family for other in _at_once(passage, music) for family in other.accepts}
    near = [event for event in events if _overlap(passage, [event]) > 0.0]
    own = [event for event in near if event.family in passage.accepts]
    strangers = {event.family for event in near} - played
    hit = _share(passage, near) >= HEARD_SHARE
    longest = max((_share(passage, _of(near, f)) for f in strangers), default=0.0)
    share = _share(passage, own)
    if share < HEARD_SHARE or share <= longest:
        return Outcome(hit, right=False)
    return Outcome(
        hit,
        right=True,
        onset_error_seconds=abs(min(e.onset for e in own) - passage.start_seconds),
        end_error_seconds=abs(max(e.ended_at for e in own) - passage.end_seconds),
    )


def verdict(event: EventEnded, music: Iterable[Passage]) -> Literal["right", "wrong", "false"]:
    """Whether an event touches music of its family, only of others, or none at all."""
    touched = [passage for passage in music if _touches(event, passage)]
    if not touched:
        return "false"
    return "right" if any(event.family in p.accepts for p in touched) else "wrong"


def poisson_interval(count: int, confidence: float = 0.95) -> Span:
    """The exact interval of a Poisson mean of which `count` was seen, Garwood (1936)."""
    from scipy.stats import chi2

    tail = (1.0 - confidence) / 2.0
    low = float(chi2.ppf(tail, 2 * count)) / 2.0 if count else 0.0
    return low, float(chi2.ppf(1.0 - tail, 2 * (count + 1))) / 2.0


def _median(seconds: Sequence[float]) -> float | None:
    return float(np.median(seconds)) if seconds else None


def _at_once(passage: Passage, music: Iterable[Passage]) -> list[Passage]:
    return [
        other
        for other in music
        if other.start_seconds < passage.end_seconds and passage.start_seconds < other.end_seconds
    ]


def _of(events: Iterable[EventEnded], family: str) -> list[EventEnded]:
    return [event for event in events if event.family == family]


def _share(passage: Passage, events: Iterable[EventEnded]) -> float:
    return _overlap(passage, events) / (passage.end_seconds - passage.start_seconds)


def _overlap(passage: Passage, events: Iterable[EventEnded]) -> float:
    """How many seconds of the passage at least one of the events covers."""
    covered, until = 0.0, passage.start_seconds
    for event in sorted(events, key=lambda event: event.onset):
        start = max(until, event.onset)
        end = min(passage.end_seconds, event.ended_at)
        if end > start:
            covered, until = covered + end - start, end
    return covered


def _touches(event: EventEnded, passage: Passage) -> bool:
    return (
        event.onset < passage.end_seconds + TOLERANCE_SECONDS
        and event.ended_at > passage.start_seconds - TOLERANCE_SECONDS
    )
