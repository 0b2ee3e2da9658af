"""The tracker's events and what was really playing in, figures out; pure arithmetic."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from daemon.tracker import EventEnded
from model_build.day import Passage

TOLERANCE_SECONDS = 2.0
HEARD_SHARE = 0.5

Span = tuple[float, float]


class EventFigures(msgspec.Struct, frozen=True):
    """What became of the music passages of a day, and what was heard where none was.

    `hits`: share of passages that events cover for half or more; `right`: of all passages, those
    covered so by accepted families, more than by any that nobody played; errors are medians of
    absolute seconds over the right ones; `false_events` touch no music; `wrong_events` touch music
    of other families only.
    """

    passages: int
    hits: float
    right: float
    onset_error_seconds: float
    end_error_seconds: float
    false_events: int
    wrong_events: int
    hours: float


def event_figures(
    passages: Sequence[Passage], events: Sequence[EventEnded], seconds: float
) -> EventFigures:
    """Compare the tracker's events with the passages of `seconds` of sound."""
    music = [passage for passage in passages if passage.accepts]
    hits, right, onset_errors, end_errors = 0, 0, [], []
    for passage in music:
        played = {family for other in _at_once(passage, music) for family in other.accepts}
        near = [event for event in events if _overlap(passage, [event]) > 0.0]
        own = [event for event in near if event.family in passage.accepts]
        strangers = {event.family for event in near} - played
        hits += _share(passage, near) >= HEARD_SHARE
        longest = max((_share(passage, _of(near, f)) for f in strangers), default=0.0)
        if (share := _share(passage, own)) >= HEARD_SHARE and share > longest:
            right += 1
            onset_errors.append(abs(min(e.onset for e in own) - passage.start_seconds))
            end_errors.append(abs(max(e.ended_at for e in own) - passage.end_seconds))
    touched = [[p for p in music if _touches(event, p)] for event in events]
    return EventFigures(
        passages=len(music),
        hits=hits / max(1, len(music)),
        right=right / max(1, len(music)),
        onset_error_seconds=float(np.median(onset_errors)) if onset_errors else float("nan"),
        end_error_seconds=float(np.median(end_errors)) if end_errors else float("nan"),
        false_events=sum(not some for some in touched),
        wrong_events=sum(
            bool(some) and not any(event.family in p.accepts for p in some)
            for event, some in zip(events, touched, strict=True)
        ),
        hours=seconds / 3600.0,
    )


def poisson_interval(count: int, confidence: float = 0.95) -> Span:
    """The exact interval of a Poisson mean of which `count` was seen, Garwood (1936)."""
    from scipy.stats import chi2

    tail = (1.0 - confidence) / 2.0
    low = float(chi2.ppf(tail, 2 * count)) / 2.0 if count else 0.0
    return low, float(chi2.ppf(1.0 - tail, 2 * (count + 1))) / 2.0


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
