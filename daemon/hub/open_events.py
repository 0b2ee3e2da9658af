"""The events of one node as messages: each start and end once, and a will while it is open."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.hub import messages
from daemon.hub.messages import Message, Node
from daemon.practice.history.records import EventRecord

_RENEW_SECONDS = 30.0


class EventStore(Protocol):
    """Stores each event until the broker has accepted it: the outbox."""

    def put(self, message: Message, event_id: str, will: Message | None = None) -> None:
        """Store an event's message; `will` is sent if the process dies before the event ends."""

    def renew(self, wills: Mapping[str, Message]) -> None:
        """Replace the wills of open events; the keys are their ids."""


class _OpenEvent(NamedTuple):
    event_id: str
    onset: float
    started: EventStarted
    peak: float


class OpenEvents:
    """Stores each start and end, and remembers which events are open.

    The will of an open event is its end as `interrupted`, at the last moment at which the event was
    heard. Wills are renewed every 30 seconds. `record` gets each start, end and will, too.
    """

    def __init__(
        self,
        node: Node,
        store: EventStore,
        shown: ShownScores,
        record: Callable[[EventRecord], None] = lambda _: None,
    ) -> None:
        self._record = record
        self._node = node
        self._shown = shown
        self._store = store
        self._open: dict[str, _OpenEvent] = {}
        self._renewed_at = 0.0

    def restart_clock(self) -> None:
        """Continue with times of sound that start again from zero."""
        self._renewed_at = 0.0

    def onset(self, family: str) -> float:
        """Return the wall time at which the family's open event began."""
        return self._open[family].onset

    def put(self, event: Event, sound_began: float) -> None:
        """Store a start or an end; `sound_began` is the wall time of the sound's second zero."""
        if isinstance(event, EventEnded):
            of, will = self._open.pop(event.family), None
            self._record(self._record_of(of, event))
        else:
            of = _OpenEvent(uuid.uuid4().hex, sound_began + event.onset, event, event.score)
            self._open[event.family] = of
            will = self._will(of, event.at)
        message = messages.event(self._node, event, of.event_id, of.onset, self._shown)
        self._store.put(message, of.event_id, will)

    def follow(self, playing: Sequence[EventStarted], at: float) -> None:
        """Update the peaks of the open events at `at` seconds of sound, and renew wills if due."""
        for event in playing:
            of = self._open[event.family]
            if event.score > of.peak:
                self._open[event.family] = of._replace(peak=event.score)
        if at - self._renewed_at >= _RENEW_SECONDS:
            self._renewed_at = at
            if self._open:
                self._store.renew({of.event_id: self._will(of, at) for of in self._open.values()})

    def _will(self, of: _OpenEvent, at: float) -> Message:
        """Record and return the end of an event that was heard until `at`, then interrupted."""
        began = of.started
        ended = EventEnded(
            began.family, began.onset, at, began.score, at, of.peak, reason="interrupted"
        )
        self._record(self._record_of(of, ended))
        return messages.event(self._node, ended, of.event_id, of.onset, self._shown)

    def _record_of(self, of: _OpenEvent, ended: EventEnded) -> EventRecord:
        peak = round(self._shown.of(ended.family, ended.peak), 3)
        seconds = round(ended.duration_seconds, 3)
        return EventRecord(of.event_id, ended.family, of.onset, seconds, peak, ended.reason)
