"""Events that wait, in their order and within bounds; a pure state machine, time is an argument."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from daemon.configuration.settings import OutboxSettings
from daemon.hub.messages import Message
from daemon.mqtt.outbox.moment import Moment

_LATE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_DAY_SECONDS = 86_400.0
_MEGABYTE = 1_000_000
_ROW_BYTES = 100


class Entry(NamedTuple):
    """A message and the moment of what it tells."""

    message: Message
    since: Moment

    @property
    def size_bytes(self) -> int:
        """About what it takes on disk."""
        return len(self.message.topic) + len(self.message.payload) + _ROW_BYTES


class Taken(NamedTuple):
    """An event to be sent now, and whether it is old news; `number` acknowledges it."""

    number: int
    message: Message
    late: bool


class _Refusal(NamedTuple):
    """Nothing is handed out for so many seconds, or until that event is removed."""

    number: int
    at: Moment
    pause_seconds: float


class EventQueue:
    """Every event has a number, later ones a larger one, until it is removed.

    `entries` has them by number, the oldest first. After a refusal events are handed out one at a
    time until none is left, so that those behind a refused event do not overtake it.
    """

    def __init__(self, bounds: OutboxSettings) -> None:
        self._bounds = bounds
        self._bytes = 0
        self._next_number = 1
        self._handed_out: set[int] = set()
        self._refusal: _Refusal | None = None
        self._pause_seconds = 0.0
        self._one_at_a_time = False
        self._probe: int | None = None
        self.entries: dict[int, Entry] = {}

    def append(self, entry: Entry) -> int:
        """Put an event at the end; its number."""
        number, self._next_number = self._next_number, self._next_number + 1
        self.entries[number] = entry
        self._bytes += entry.size_bytes
        return number

    def put_first(self, entries: Iterable[Entry]) -> None:
        """Put older events, in their order, before all the others; once at most."""
        older = list(entries)
        self.entries = {**dict(enumerate(older, 1 - len(older))), **self.entries}
        self._bytes += sum(entry.size_bytes for entry in older)

    def take(self, most: int, now: Moment, may_go: Callable[[int], bool]) -> list[Taken]:
        """Return the oldest unsent events, stopping at the first one that is not due."""
        if not self.entries:
            self._one_at_a_time = False
        if self._one_at_a_time:
            most = min(most, 1 - len(self._handed_out))
        if self.pause_seconds(now):
            most = 0
        taken: list[Taken] = []
        for number, (message, since) in self.entries.items():
            if len(taken) >= most or not may_go(number):
                break
            if number not in self._handed_out:
                taken.append(Taken(number, message, since.is_older(_LATE_SECONDS, now)))
        self._handed_out.update(event.number for event in taken)
        if taken and self._one_at_a_time:
            self._probe = taken[0].number
        return taken

    def take_back(self) -> None:
        """All that is handed out can be taken again, at once."""
        self._handed_out.clear()
        self._refusal, self._pause_seconds, self._probe = None, 0.0, None

    def refuse(self, number: int, now: Moment) -> None:
        """An event that is handed out was refused: it can be taken again after a pause.

        The pause doubles, from half a second to a minute, each time that an event is refused again.
        """
        if number not in self._handed_out:
            return
        self._handed_out.remove(number)
        self._one_at_a_time = True
        # Those that were sent together with it and are refused as well make the pause no longer.
        if not self.pause_seconds(now):
            longer = max(_FIRST_PAUSE_SECONDS, 2 * self._pause_seconds)
            self._pause_seconds = min(longer, _LONGEST_PAUSE_SECONDS)
            self._refusal = _Refusal(number, now, self._pause_seconds)

    def pause_seconds(self, now: Moment) -> float:
        """How long nothing is handed out because of a refusal; 0 without one."""
        refusal = self._refusal
        if refusal is None or refusal.number not in self.entries:
            return 0.0
        return max(0.0, refusal.pause_seconds - refusal.at.age_seconds(now))

    def accept(self, number: int) -> bool:
        """Forget an event that has arrived; return whether it was there."""
        if number == self._probe:
            self._pause_seconds = 0.0
        return self.remove(number)

    def remove(self, number: int) -> bool:
        """Forget an event; return whether it was there."""
        self._handed_out.discard(number)
        if (entry := self.entries.pop(number, None)) is None:
            return False
        self._bytes -= entry.size_bytes
        return True

    def drop(self, now: Moment) -> list[int]:
        """Remove the oldest that are not handed out until the bounds hold; their numbers."""
        dropped: list[int] = []
        while True:
            oldest = next((n for n in self.entries if n not in self._handed_out), None)
            if oldest is None or not self._too_much(self.entries[oldest], now):
                break
            self.remove(oldest)
            dropped.append(oldest)
        return dropped

    def _too_much(self, oldest: Entry, now: Moment) -> bool:
        bounds = self._bounds
        return (
            len(self.entries) > bounds.max_events
            or self._bytes > bounds.max_megabytes * _MEGABYTE
            or oldest.since.age_seconds(now) > bounds.max_days * _DAY_SECONDS
        )
