"""What the page remembers, in memory only: the newest events, close calls and changes."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from daemon.hearing.tracker import EventEnded, EventStarted

_MOST_EVENTS = 50
_MOST_CLOSE_CALLS = 50
_MOST_CHANGES = 100


class PageEvent(msgspec.Struct, kw_only=True):
    """An event, and why it started."""

    type: str = "event"
    """Tells the page what this message is."""
    id: int
    """Counts the events of this process."""
    place: str
    """The place."""
    family: str
    """The family."""
    onset: float
    """Wall time of the onset, in seconds."""
    at: float
    """Wall time of the decision, in seconds."""
    score: float
    """The shown score that the event started with, 0..1."""
    scores: Mapping[str, float]
    """All shown scores of the deciding window, 0..1."""
    points: Mapping[str, float]
    """The operating points at that time, 0..1."""
    picture: str
    """Spectrogram of the deciding window, base64, column by column."""
    ended: float | None = None
    """Wall time of the end, in seconds; None while it lasts."""
    peak: float | None = None
    """The highest shown score, 0..1; None while it lasts."""
    reason: str | None = None
    """Why it ended, if not because the music stopped."""


class PageCloseCall(msgspec.Struct, kw_only=True, frozen=True):
    """A passage in which a family came close to its operating point without an event."""

    type: str = "close"
    """Tells the page what this message is."""
    place: str
    """The place."""
    family: str
    """The family."""
    began: float
    """Wall time of the first window's end, in seconds."""
    seconds: float
    """From the first to the last window."""
    score: float
    """The highest shown score, 0..1."""
    point: float
    """The operating point in that window, 0..1."""


class Change(msgspec.Struct, kw_only=True, frozen=True):
    """A new value of a setting, or a new state of a place."""

    type: str = "change"
    """Tells the page what this message is."""
    at: float
    """Wall time, in seconds."""
    place: str
    """The place."""
    leaf: str
    """The setting, or `hearing`."""
    value: Any
    """The new value."""


class Memory:
    """The newest events, close calls and changes, oldest first."""

    def __init__(self) -> None:
        self.events: deque[PageEvent] = deque(maxlen=_MOST_EVENTS)
        """Events, open and ended."""
        self.close_calls: deque[PageCloseCall] = deque(maxlen=_MOST_CLOSE_CALLS)
        """Close calls."""
        self.changes: deque[Change] = deque(maxlen=_MOST_CHANGES)
        """Changes."""
        self._events = 0

    def start(
        self,
        place: str,
        event: EventStarted,
        sound_began: float,
        *,
        score: float,
        scores: Mapping[str, float],
        points: Mapping[str, float],
        picture: str,
    ) -> PageEvent:
        """Remember an event that starts; `sound_began` is the wall time of second 0 of the sound.

        Scores are shown ones.
        """
        self._events += 1
        started = PageEvent(
            id=self._events,
            place=place,
            family=event.family,
            onset=sound_began + event.onset,
            at=sound_began + event.at,
            score=score,
            scores=scores,
            points=points,
            picture=picture,
        )
        self.events.append(started)
        return started

    def end(self, place: str, event: EventEnded, peak: float) -> PageEvent | None:
        """Note the end of an event; return it, or None if it is not remembered any more."""
        for known in self._open(place):
            if known.family == event.family:
                known.ended = known.onset + event.duration_seconds
                known.peak, known.reason = peak, event.reason
                return known
        return None

    def end_all(self, place: str, at: float, reason: str) -> list[PageEvent]:
        """Note that the sound of a place ended at a wall time; return the events that it ended."""
        ended = list(self._open(place))
        for event in ended:
            event.ended, event.reason = at, reason
        return ended

    def _open(self, place: str) -> Iterator[PageEvent]:
        return (e for e in reversed(self.events) if e.place == place and e.ended is None)
