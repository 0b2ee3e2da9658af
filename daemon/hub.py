"""What the hub is told of one node: states when they change, every event once."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from daemon import home_assistant
from daemon.counters import Counters
from daemon.hearing import FLOOR_DBFS, Heard
from daemon.home_assistant import Message, Node, Playing
from daemon.tracker import Event, EventEnded, EventStarted

_LEVEL_STEP_DB = 3.0
_LEVEL_SECONDS = 5.0
_SCORE_STEP = 0.1
_RENEW_SECONDS = 30.0


class Keeper(Protocol):
    """Who keeps every event until the hub has it: the outbox."""

    def put(self, message: Message, event_id: str, will: Message | None = None) -> None:
        """Keep an event's message; the `will` is sent if the process dies before the next one."""

    def renew(self, wills: Mapping[str, Message]) -> None:
        """Newer wills of open events, by their ids."""


class _OpenEvent(NamedTuple):
    event_id: str
    onset: float
    started: EventStarted
    peak: float


class Hub:
    """Turns what was heard into messages; remembers what the hub was told last.

    States go to `publish`, events to the `keeper`, with a will while they are open: how they ended
    if nothing of them is heard any more. `wall_at` gives the wall time of a moment of the sound, in
    seconds; it is asked once a window.
    """

    def __init__(
        self,
        node: Node,
        publish: Callable[[Message], None],
        keeper: Keeper,
        wall_at: Callable[[float], float],
    ) -> None:
        self._node = node
        self._publish = publish
        self._keeper = keeper
        self._wall_at = wall_at
        self._open: dict[str, _OpenEvent] = {}
        self._told_scores: dict[str, float] | None = None
        self._newest_dbfs = FLOOR_DBFS
        self._told_dbfs = FLOOR_DBFS
        self._level_told_at: float | None = None
        self._renewed_at = 0.0

    def greeting(self, *, discovery: bool) -> list[Message]:
        """What every new connection to the broker begins with."""
        online = home_assistant.availability(self._node, online=True)
        return [home_assistant.discovery(self._node), online] if discovery else [online]

    def hears(self) -> None:
        """Sound begins, or begins again."""
        self._level_told_at = None
        self._told_scores = None
        self._renewed_at = 0.0
        since = self._wall_at(0.0)
        self._publish(home_assistant.hearing(self._node, "hearing", None, since))

    def tell(self, heard: Heard, playing: Sequence[EventStarted], events: Sequence[Event]) -> None:
        """One window's results: the `events` it brought, what is `playing` after it."""
        wall = self._wall_at(heard.ended_at)
        self._newest_dbfs = heard.level_dbfs
        for event in events:
            self._tell_event(event, wall - heard.ended_at)
        self._follow(playing, heard.ended_at)
        self._tell_state({event.family: event.score for event in playing}, heard, wall)
        self._tell_level(heard)

    def end(self, at: float, events: Sequence[Event]) -> None:
        """The sound ended well, at `at` and with its last events."""
        self._end(self._wall_at(at), at, events, {})

    def deaf(
        self, reason: str, at: float, events: Sequence[Event], since_seconds: float = 0.0
    ) -> None:
        """The sound was lost so many seconds ago, at `at` and with its last events."""
        wall = self._wall_at(at)
        self._end(wall, at, events, None)
        self._publish(home_assistant.hearing(self._node, "deaf", reason, wall - since_seconds))

    def muted(self, at: float, events: Sequence[Event]) -> None:
        """Somebody wants no sound to be heard; it ended at `at` with its last events."""
        wall = self._wall_at(at)
        self._end(wall, at, events, None)
        self._publish(home_assistant.hearing(self._node, "muted", None, wall))

    def diagnose(self, counters: Counters) -> None:
        """What happened so far."""
        self._publish(home_assistant.diagnostics(self._node, counters))

    def _end(
        self, wall: float, at: float, events: Sequence[Event], playing: dict[str, Playing] | None
    ) -> None:
        for event in events:
            self._tell_event(event, wall - at)
        self._publish(home_assistant.state(self._node, playing, self._newest_dbfs, wall))

    def _tell_event(self, event: Event, sound_began: float) -> None:
        if isinstance(event, EventEnded):
            of, will = self._open.pop(event.family), None
        else:
            of = _OpenEvent(uuid.uuid4().hex, sound_began + event.onset, event, event.score)
            self._open[event.family] = of
            will = self._will(of, event.at)
        message = home_assistant.event(self._node, event, of.event_id, of.onset)
        self._keeper.put(message, of.event_id, will)

    def _follow(self, playing: Sequence[EventStarted], at: float) -> None:
        """Know the peaks of what plays, and have its wills renewed now and then."""
        for event in playing:
            of = self._open[event.family]
            if event.score > of.peak:
                self._open[event.family] = of._replace(peak=event.score)
        if at - self._renewed_at >= _RENEW_SECONDS:
            self._renewed_at = at
            if self._open:
                self._keeper.renew({of.event_id: self._will(of, at) for of in self._open.values()})

    def _will(self, of: _OpenEvent, at: float) -> Message:
        """The end of an event that was heard until `at` and then interrupted."""
        began = of.started
        ended = EventEnded(
            began.family, began.onset, at, began.score, at, of.peak, reason="interrupted"
        )
        return home_assistant.event(self._node, ended, of.event_id, of.onset)

    def _tell_state(self, scores: dict[str, float], heard: Heard, wall: float) -> None:
        told = self._told_scores
        if (
            told is not None
            and told.keys() == scores.keys()
            and all(abs(told[family] - score) < _SCORE_STEP for family, score in scores.items())
        ):
            return
        self._told_scores = scores
        playing = {f: Playing(score, self._open[f].onset) for f, score in scores.items()}
        self._publish(home_assistant.state(self._node, playing, heard.level_dbfs, wall))

    def _tell_level(self, heard: Heard) -> None:
        told_at = self._level_told_at
        if told_at is not None and (
            heard.ended_at - told_at < _LEVEL_SECONDS
            or abs(heard.level_dbfs - self._told_dbfs) < _LEVEL_STEP_DB
        ):
            return
        self._level_told_at, self._told_dbfs = heard.ended_at, heard.level_dbfs
        self._publish(home_assistant.level(self._node, heard.level_dbfs))
