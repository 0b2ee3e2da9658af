"""Match events with the music that was played: passages detected, events right or false."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from daemon.hearing.tracker import EventEnded
from model_build.windows.home_day import Passage

TOLERANCE_SECONDS = 2.0
HIT_SHARE = 0.5


class Outcome(NamedTuple):
    """The result for one music passage."""

    hit: bool
    """True if events cover at least half of it."""
    right: bool
    """True if events of accepted families do, and longer than any family that nobody played."""
    onset_error_seconds: float = 0.0
    """Difference between the first right onset and the start; only if `right`."""
    end_error_seconds: float = 0.0
    """Difference between the last right end and the end; only if `right`."""


def outcome(passage: Passage, music: Sequence[Passage], events: Sequence[EventEnded]) -> Outcome:
    """Return the result for a passage; `music` and `events` are all of the day."""
    played = {family for other in _simultaneous(passage, music) for family in other.accepts}
    near = [event for event in events if _overlap_seconds(passage, [event]) > 0.0]
    own = [event for event in near if event.family in passage.accepts]
    not_played = {event.family for event in near} - played
    hit = _covered_share(passage, near) >= HIT_SHARE
    longest = max((_covered_share(passage, _of(near, f)) for f in not_played), default=0.0)
    share = _covered_share(passage, own)
    if share < HIT_SHARE or share <= longest:
        return Outcome(hit, right=False)
    return Outcome(
        hit,
        right=True,
        onset_error_seconds=abs(min(e.onset for e in own) - passage.start_seconds),
        end_error_seconds=abs(max(e.ended_at for e in own) - passage.end_seconds),
    )


def verdict(event: EventEnded, music: Iterable[Passage]) -> Literal["right", "wrong", "false"]:
    """Return the kind of an event.

    It is `right` if it touches music of its family, `wrong` if it touches only music of other
    families, and `false` if it touches no music.
    """
    touched = [passage for passage in music if _touches(event, passage)]
    if not touched:
        return "false"
    return "right" if any(event.family in p.accepts for p in touched) else "wrong"


def _simultaneous(passage: Passage, music: Iterable[Passage]) -> list[Passage]:
    return [
        other
        for other in music
        if other.start_seconds < passage.end_seconds and passage.start_seconds < other.end_seconds
    ]


def _of(events: Iterable[EventEnded], family: str) -> list[EventEnded]:
    return [event for event in events if event.family == family]


def _covered_share(passage: Passage, events: Iterable[EventEnded]) -> float:
    return _overlap_seconds(passage, events) / (passage.end_seconds - passage.start_seconds)


def _overlap_seconds(passage: Passage, events: Iterable[EventEnded]) -> float:
    """Return how much of the passage is covered by at least one of the events."""
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
