"""The demo's results, messages and log so far, from which the screen is drawn."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from daemon.hearing.pipeline import Observation
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.system.printable import printable, printable_bytes

if TYPE_CHECKING:
    from daemon.hearing.scorer import Heard

_MOST_EVENTS = 100
_MOST_MESSAGES = 100
_MOST_BYTES = 1_000


class ReceivedMessage(NamedTuple):
    """An MQTT message as another client receives it, safe to print on a terminal."""

    topic: str
    """The topic, with control characters escaped."""
    text: str
    """The beginning of the payload, with control characters escaped."""
    size: int
    """Length of the payload in bytes."""


class ShownEvent(NamedTuple):
    """An event with its times as text."""

    event: Event
    """The start or end of an event."""
    onset: str
    """The event's onset."""
    at: str
    """When the event was detected."""


class LogLine(NamedTuple):
    """A line of the log."""

    text: str
    """The message, with control characters escaped."""
    is_problem: bool
    """True for warnings and errors."""


class Record:
    """Filled by the loop, the broker's thread and the log; read by the thread that draws.

    Fields are replaced, never changed, so readers need no lock. `write_time` returns a time of the
    sound as text. Its arguments are that time in seconds of the sound, and how many seconds before
    the newest sound it was.
    """

    def __init__(self, *, keeps_all: bool, write_time: Callable[[float, float], str]) -> None:
        self._keeps_all = keeps_all
        self._write_time = write_time
        self.heard: Heard | None = None
        """Level and scores of the newest window; None before the first."""
        self.playing: tuple[EventStarted, ...] = ()
        """The open events."""
        self.events: tuple[ShownEvent, ...] = ()
        """The latest events, the newest last."""
        self.ended: tuple[EventEnded, ...] = ()
        """All events that have ended; empty unless `keeps_all`."""
        self.windows: tuple[Heard, ...] = ()
        """Level and scores of all windows; empty unless `keeps_all`."""
        self.messages: tuple[ReceivedMessage, ...] = ()
        """The latest MQTT messages, the newest last."""
        self.message_count = 0
        """Number of all MQTT messages so far."""
        self.log_line: LogLine | None = None
        """The newest line of the log."""

    def observe(self, observation: Observation) -> None:
        """Keep the results of a window."""
        self.heard = observation.heard
        self.playing = tuple(observation.playing)
        if self._keeps_all:
            self.windows = (*self.windows, observation.heard)
        self.show_events(observation.events)

    def show_events(self, events: Sequence[Event]) -> None:
        """Keep events; an event that ended is no longer in `playing`."""
        ended = [event for event in events if isinstance(event, EventEnded)]
        ended_families = {event.family for event in ended}
        self.playing = tuple(event for event in self.playing if event.family not in ended_families)
        shown = (ShownEvent(e, self.when(e.onset), self.when(e.at)) for e in events)
        self.events = (*self.events, *shown)[-_MOST_EVENTS:]
        if self._keeps_all:
            self.ended = (*self.ended, *ended)

    def when(self, seconds: float) -> str:
        """Return a time of the sound as text."""
        newest = seconds if self.heard is None else self.heard.ended_at
        return self._write_time(seconds, newest - seconds)

    @property
    def ended_by_now(self) -> tuple[EventEnded, ...]:
        """All events that have ended, and the open ones as if they ended now."""
        if self.heard is None:
            return self.ended
        at = self.heard.ended_at
        return (
            *self.ended,
            *(EventEnded(e.family, e.onset, at, e.score, at, e.score) for e in self.playing),
        )

    def end(self, _too_short: str | None = None) -> None:
        """Do nothing, because the record is already complete."""

    def receive(self, topic: str, payload: bytes) -> ReceivedMessage:
        """Keep an MQTT message; return it as it can be printed."""
        text = printable_bytes(payload[:_MOST_BYTES])
        message = ReceivedMessage(printable(topic), text, len(payload))
        self.messages = (*self.messages, message)[-_MOST_MESSAGES:]
        self.message_count += 1
        return message
