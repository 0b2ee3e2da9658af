"""A bounded queue of events; a pure state machine with time as an argument."""

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
    """An event in the queue."""

    message: Message
    """Its MQTT message."""
    since: Moment
    """When it was put into the queue."""

    @property
    def size_bytes(self) -> int:
        """Approximate size on disk, in bytes."""
        return len(self.message.topic) + len(self.message.payload) + _ROW_BYTES


class OutgoingEvent(NamedTuple):
    """An event to send now."""

    number: int
    """Its number in the queue, to acknowledge or refuse it."""
    message: Message
    """Its MQTT message."""
    late: bool
    """True if it is, or may be, more than a minute old."""


class _Refusal(NamedTuple):
    """Nothing is sent during the pause, unless the refused event is removed."""

    number: int
    at: Moment
    pause_seconds: float


class EventQueue:
    """Numbers events in increasing order and keeps them until they are removed.

    After a refusal it returns events one at a time until the queue is empty, so that later events
    do not overtake a refused one.
    """

    def __init__(self, bounds: OutboxSettings) -> None:
        self._bounds = bounds
        self._bytes = 0
        self._next_number = 1
        self._in_flight: set[int] = set()
        self._refusal: _Refusal | None = None
        self._pause_seconds = 0.0
        self._one_at_a_time = False
        # The event sent after a refusal; the pause is reset once it is accepted.
        self._probe: int | None = None
        self.entries: dict[int, Entry] = {}
        """Events by number, oldest first."""

    def append(self, entry: Entry) -> int:
        """Add an event at the end; return its number."""
        number, self._next_number = self._next_number, self._next_number + 1
        self.entries[number] = entry
        self._bytes += entry.size_bytes
        return number

    def prepend(self, entries: Iterable[Entry]) -> None:
        """Add older events, in their order, before all others; call it once at most."""
        older = list(entries)
        self.entries = {**dict(enumerate(older, 1 - len(older))), **self.entries}
        self._bytes += sum(entry.size_bytes for entry in older)

    def take(self, most: int, now: Moment, may_go: Callable[[int], bool]) -> list[OutgoingEvent]:
        """Return the oldest unsent events, at most `most`, and mark them as in flight.

        Stops at the first number for which `may_go` returns False.
        """
        if not self.entries:
            self._one_at_a_time = False
        if self._one_at_a_time:
            most = min(most, 1 - len(self._in_flight))
        if self.pause_seconds(now):
            most = 0
        taken: list[OutgoingEvent] = []
        for number, (message, since) in self.entries.items():
            if len(taken) >= most or not may_go(number):
                break
            if number not in self._in_flight:
                taken.append(OutgoingEvent(number, message, since.is_older(_LATE_SECONDS, now)))
        self._in_flight.update(event.number for event in taken)
        if taken and self._one_at_a_time:
            self._probe = taken[0].number
        return taken

    def requeue_unacknowledged(self) -> None:
        """Make all events that are in flight available again, without a pause."""
        self._in_flight.clear()
        self._refusal, self._pause_seconds, self._probe = None, 0.0, None

    def refuse(self, number: int, now: Moment) -> None:
        """Make a refused event available again after a pause.

        The pause doubles from 0.5 s to a minute each time an event is refused again.
        """
        if number not in self._in_flight:
            return
        self._in_flight.remove(number)
        self._one_at_a_time = True
        # Events that were sent together and are all refused cause one pause.
        if not self.pause_seconds(now):
            longer = max(_FIRST_PAUSE_SECONDS, 2 * self._pause_seconds)
            self._pause_seconds = min(longer, _LONGEST_PAUSE_SECONDS)
            self._refusal = _Refusal(number, now, self._pause_seconds)

    def pause_seconds(self, now: Moment) -> float:
        """Return the rest of the pause after a refusal, in seconds; 0 without one."""
        refusal = self._refusal
        if refusal is None or refusal.number not in self.entries:
            return 0.0
        return max(0.0, refusal.pause_seconds - refusal.at.age_seconds(now))

    def accept(self, number: int) -> bool:
        """Remove an event that the broker accepted; return whether it was in the queue."""
        if number == self._probe:
            self._pause_seconds = 0.0
        return self.remove(number)

    def remove(self, number: int) -> bool:
        """Remove an event; return whether it was in the queue."""
        self._in_flight.discard(number)
        if (entry := self.entries.pop(number, None)) is None:
            return False
        self._bytes -= entry.size_bytes
        return True

    def drop_excess(self, now: Moment) -> list[int]:
        """Remove the oldest events that are not in flight until the bounds hold.

        Returns their numbers.
        """
        dropped: list[int] = []
        while True:
            oldest = next((n for n in self.entries if n not in self._in_flight), None)
            if oldest is None or not self._exceeds_bounds(self.entries[oldest], now):
                break
            self.remove(oldest)
            dropped.append(oldest)
        return dropped

    def _exceeds_bounds(self, oldest: Entry, now: Moment) -> bool:
        bounds = self._bounds
        return (
            len(self.entries) > bounds.max_events
            or self._bytes > bounds.max_megabytes * _MEGABYTE
            or oldest.since.age_seconds(now) > bounds.max_days * _DAY_SECONDS
        )
