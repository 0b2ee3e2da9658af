"""A recording with its correct answers, and the events that the daemon made of it."""

from collections.abc import Iterable, Sequence

import msgspec

from daemon.hearing.tracker import Event, EventEnded, EventStarted
from model_build.windows.home_day import Passage


class Replayed(msgspec.Struct, frozen=True):
    """A recording after its replay. Times are seconds from its start."""

    seconds: float
    """Length of the recording."""
    passages: list[Passage]
    """The sounds of the recording."""
    events: list[EventEnded]
    """The daemon's events, by their ends."""
    started: list[EventStarted] = []
    """The starts of the events, by the time at which they were confirmed."""

    @property
    def music(self) -> list[Passage]:
        """The passages in which an instrument plays."""
        return [passage for passage in self.passages if passage.accepts]


def replayed(seconds: float, passages: Sequence[Passage], events: Iterable[Event]) -> Replayed:
    """Return the recording of `seconds` with its events, whose starts and ends may be mixed."""
    found = list(events)
    return Replayed(
        seconds,
        list(passages),
        [event for event in found if isinstance(event, EventEnded)],
        [event for event in found if isinstance(event, EventStarted)],
    )
