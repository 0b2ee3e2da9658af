"""What the demo has heard, received and logged so far; the screen is drawn from it."""

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


class Received(NamedTuple):
    """An MQTT message as another client receives it, made safe for a terminal.

    `text` is the beginning of the payload, `size` its length in bytes.
    """

    topic: str
    text: str
    size: int


class Told(NamedTuple):
    """An event, with its onset and the time it was decided at as text."""

    event: Event
    onset: str
    at: str


class Note(NamedTuple):
    """A line of the log; `is_problem` for warnings and errors."""

    text: str
    is_problem: bool


class Record:
    """Filled by the loop, the broker's thread and the log; read by the thread that draws.

    Fields are replaced, never changed, so that no reader needs a lock. `ended` and `windows` keep
    everything for the verdict if `keeps_all`. `write_time` writes a moment of the sound as text:
    seconds of the sound, and how many seconds before the newest sound that was.
    """

    def __init__(self, *, keeps_all: bool, write_time: Callable[[float, float], str]) -> None:
        self._keeps_all = keeps_all
        self._write_time = write_time
        self.heard: Heard | None = None
        self.playing: tuple[EventStarted, ...] = ()
        self.events: tuple[Told, ...] = ()
        self.ended: tuple[EventEnded, ...] = ()
        self.windows: tuple[Heard, ...] = ()
        self.messages: tuple[Received, ...] = ()
        self.message_count = 0
        self.note: Note | None = None

    def observe(self, observation: Observation) -> None:
        """One window's results, as the listener gives them."""
        self.heard = observation.heard
        self.playing = tuple(observation.playing)
        if self._keeps_all:
            self.windows = (*self.windows, observation.heard)
        self.show_events(observation.events)

    def show_events(self, events: Sequence[Event]) -> None:
        """Keep events; those that end are no longer playing."""
        ended = [event for event in events if isinstance(event, EventEnded)]
        gone = {event.family for event in ended}
        self.playing = tuple(event for event in self.playing if event.family not in gone)
        told = (Told(e, self.when(e.onset), self.when(e.at)) for e in events)
        self.events = (*self.events, *told)[-_MOST_EVENTS:]
        if self._keeps_all:
            self.ended = (*self.ended, *ended)

    def when(self, seconds: float) -> str:
        """A moment of the sound as text."""
        newest = seconds if self.heard is None else self.heard.ended_at
        return self._write_time(seconds, newest - seconds)

    @property
    def ended_by_now(self) -> tuple[EventEnded, ...]:
        """The events that have ended, and those that play as if they ended now."""
        if self.heard is None:
            return self.ended
        at = self.heard.ended_at
        return (
            *self.ended,
            *(EventEnded(e.family, e.onset, at, e.score, at, e.score) for e in self.playing),
        )

    def end(self, _too_short: str | None = None) -> None:
        """The sound is over; nothing is left to keep."""

    def receive(self, topic: str, payload: bytes) -> Received:
        """Keep a message of the broker's."""
        message = Received(printable(topic), printable_bytes(payload[:_MOST_BYTES]), len(payload))
        self.messages = (*self.messages, message)[-_MOST_MESSAGES:]
        self.message_count += 1
        return message
