"""What the hub is told of one node: states when they change, every event once."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from daemon.counters import Counters
from daemon.hearing.pipeline import Observation
from daemon.hearing.scorer import FLOOR_DBFS, Heard
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.hub import messages
from daemon.hub.budget import MessageBudget
from daemon.hub.home_assistant.discovery import discovery as device
from daemon.hub.messages import Message, Node, Playing
from daemon.practice.sessions import Diary, Milestones, Sessions

_LEVEL_STEP_DB = 3.0
_LEVEL_SECONDS = 10.0
# How soon a state follows another that differs in its scores alone.
_STATE_SECONDS = 10.0
_SCORE_STEP = 0.1
_SCORES_STEP = 0.05
_SCORES_SECONDS = 5.0
_PRACTICE_SECONDS = 60.0
_RENEW_SECONDS = 30.0
# With one message of diagnostics a node stays below 30 a minute while one family plays. Each other
# family heard within a minute adds as many again.
_MESSAGES_PER_MINUTE = 28.0
_BURST = 6.0
_FAMILY_SECONDS = 60.0
# What must be left of the budget. Levels, and states that differ in scores alone, wait longer, so
# that the scores stay fresh.
_SCORES_NEED, _OTHERS_NEED = 1, 4


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


class Reporter:
    """Turns what was heard into messages; remembers what the hub was told last.

    States go to `publish`, events to the `keeper`, with a will while they are open: how they ended
    if nothing of them is heard any more. `wall_at` gives the wall time of a moment of the sound, in
    seconds; it is asked once a window. `sessions` are kept up to date, and go to `remember` at most
    once a minute. `controls`: whether somebody takes the node's commands; `started`: the
    wall time of the daemon's start.
    """

    def __init__(
        self,
        node: Node,
        publish: Callable[[Message], None],
        keeper: Keeper,
        wall_at: Callable[[float], float],
        *,
        sessions: Sessions | None = None,
        remember: Callable[[Diary], None] = lambda _: None,
        controls: bool = False,
        started: float = 0.0,
    ) -> None:
        self._node = node
        self._send = publish
        self._budget = MessageBudget(_MESSAGES_PER_MINUTE, _BURST)
        self._changed_at: dict[str, float] = {}
        self._keeper = keeper
        self._wall_at = wall_at
        self._open: dict[str, _OpenEvent] = {}
        self._told_scores: dict[str, float] | None = None
        self._state_told_at = 0.0
        self._newest_dbfs = FLOOR_DBFS
        self._told_dbfs = FLOOR_DBFS
        self._level_told_at: float | None = None
        self._renewed_at = 0.0
        self._sessions = sessions
        self._remember = remember
        self._controls = controls
        self._started = started
        self._told_turn: Milestones | None = None
        self._told_seconds = 0.0
        self._practice_told_at = 0.0
        self._told_all_scores = [0.0 for _ in node.families]
        self._scores_told_at: float | None = None

    def announce(self, *, discovery: bool) -> None:
        """Publish that the node is there, and with `discovery` its device."""
        for message in self.greeting(discovery=discovery):
            self._send(message)

    def greeting(self, *, discovery: bool) -> list[Message]:
        """The messages of `announce`, the device first."""
        greeting = [messages.availability(self._node, online=True)]
        if (own := messages.place_availability(self._node, online=True)) is not None:
            greeting.append(own)
        if discovery:
            greeting.insert(0, device(self._node, controls=self._controls))
        return greeting

    def hears(self) -> None:
        """Sound begins, or begins again."""
        self._level_told_at = None
        self._told_scores = None
        self._scores_told_at = None
        self._renewed_at = 0.0
        since = self._wall_at(0.0)
        self._publish(messages.hearing(self._node, "hearing", None, since))
        if self._sessions is not None:
            self._sessions.begin(since)
            self._tell_practice(0.0, due=True)

    def observe(self, observation: Observation) -> None:
        """Tell the hub what is new with one window."""
        heard, playing, events = observation.heard, observation.playing, observation.events
        wall = self._wall_at(heard.ended_at)
        self._refill(heard.ended_at, events)
        self._newest_dbfs = heard.level_dbfs
        for event in events:
            self._tell_event(event, wall - heard.ended_at)
        self._follow(playing, heard.ended_at)
        self._tell_state({event.family: event.score for event in playing}, heard, wall)
        self._tell_level(heard)
        self._tell_scores(heard)
        if self._sessions is not None:
            self._sessions.update(heard.ended_at, wall, events)
            due = heard.ended_at - self._practice_told_at >= _PRACTICE_SECONDS
            self._tell_practice(heard.ended_at, due=due)

    def rest(self) -> None:
        """Nobody listens, and time goes by: the day may turn, or the session end."""
        if self._sessions is not None:
            self._sessions.advance_clock(self._wall_at(0.0))
            self._tell_practice(0.0, due=False)

    def end(self, at: float, events: Sequence[Event]) -> None:
        """The sound ended well, at `at` and with its last events."""
        self._end(self._wall_at(at), at, events, {})

    def deaf(
        self, reason: str, at: float, events: Sequence[Event], since_seconds: float = 0.0
    ) -> None:
        """The sound was lost so many seconds ago, at `at` and with its last events."""
        wall = self._wall_at(at)
        self._end(wall, at, events, None)
        self._publish(messages.hearing(self._node, "deaf", reason, wall - since_seconds))

    def muted(self, at: float, events: Sequence[Event]) -> None:
        """Somebody wants no sound to be heard; it ended at `at` with its last events."""
        wall = self._wall_at(at)
        self._end(wall, at, events, None)
        self._publish(messages.hearing(self._node, "muted", None, wall))

    def diagnose(self, counters: Counters) -> None:
        """What happened so far."""
        self._publish(messages.diagnostics(self._node, counters, self._started))

    def _end(
        self, wall: float, at: float, events: Sequence[Event], playing: dict[str, Playing] | None
    ) -> None:
        for event in events:
            self._tell_event(event, wall - at)
        if self._sessions is not None and at:
            self._sessions.update(at, wall, events)
            self._tell_practice(at, due=True)
        self._publish(messages.state(self._node, playing, self._newest_dbfs, wall))

    def _refill(self, at: float, events: Sequence[Event]) -> None:
        self._changed_at |= {event.family: at for event in events}
        recent = [a for a in self._changed_at.values() if 0.0 <= at - a < _FAMILY_SECONDS]
        self._budget.refill(at, max(1, len(recent)))

    def _publish(self, message: Message) -> None:
        self._budget.spend()
        self._send(message)

    def _tell_event(self, event: Event, sound_began: float) -> None:
        if isinstance(event, EventEnded):
            of, will = self._open.pop(event.family), None
        else:
            of = _OpenEvent(uuid.uuid4().hex, sound_began + event.onset, event, event.score)
            self._open[event.family] = of
            will = self._will(of, event.at)
        message = messages.event(self._node, event, of.event_id, of.onset)
        self._budget.spend()
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
        return messages.event(self._node, ended, of.event_id, of.onset)

    def _tell_state(self, scores: dict[str, float], heard: Heard, wall: float) -> None:
        told = self._told_scores
        if (
            told is not None
            and told.keys() == scores.keys()
            and (
                heard.ended_at - self._state_told_at < _STATE_SECONDS
                or not self._budget.allows(_OTHERS_NEED)
                or all(abs(told[family] - score) < _SCORE_STEP for family, score in scores.items())
            )
        ):
            return
        self._told_scores, self._state_told_at = scores, heard.ended_at
        playing = {f: Playing(score, self._open[f].onset) for f, score in scores.items()}
        self._publish(messages.state(self._node, playing, heard.level_dbfs, wall))

    def _tell_level(self, heard: Heard) -> None:
        told_at = self._level_told_at
        if told_at is not None and (
            heard.ended_at - told_at < _LEVEL_SECONDS
            or not self._budget.allows(_OTHERS_NEED)
            or abs(heard.level_dbfs - self._told_dbfs) < _LEVEL_STEP_DB
        ):
            return
        self._level_told_at, self._told_dbfs = heard.ended_at, heard.level_dbfs
        self._publish(messages.level(self._node, heard.level_dbfs))

    def _tell_scores(self, heard: Heard) -> None:
        """Publish every family's score, at most every five seconds and only after a change."""
        scores = heard.scores.tolist()
        told_at = self._scores_told_at
        if told_at is not None and (
            heard.ended_at - told_at < _SCORES_SECONDS
            or not self._budget.allows(_SCORES_NEED)
            or all(
                abs(score - told) < _SCORES_STEP
                for score, told in zip(scores, self._told_all_scores, strict=True)
            )
        ):
            return
        self._scores_told_at, self._told_all_scores = heard.ended_at, scores
        named = dict(zip(self._node.families, scores, strict=True))
        self._publish(messages.scores(self._node, named))

    def _tell_practice(self, at: float, *, due: bool) -> None:
        """At once when a session begins or ends or the day turns; minutes when they are due."""
        practice = self._sessions
        if practice is None or self._tell_finished(practice, at):
            return
        turn, before = practice.milestones, self._told_turn
        if turn == before and not (due and practice.seconds != self._told_seconds):
            return
        self._told_turn, self._told_seconds = turn, practice.seconds
        self._practice_told_at = at
        diary = practice.diary
        # Who sees that a session has ended may at once ask what it was.
        if diary.last is not None and (before is None or diary.last != before.last):
            self._publish(messages.last_session(self._node, diary.last))
        self._publish(messages.practice(self._node, diary))
        self._remember(diary)

    def _tell_finished(self, practice: Sessions, at: float) -> bool:
        """Tell the last minutes of a day that has ended; the new day is told the next time.

        Of two messages on one topic at once only the newer one would be sent.
        """
        finished, told = practice.take_finished(), self._told_turn
        if finished is None or told is None or finished.day != told.day.isoformat():
            return False
        if finished.seconds == self._told_seconds:
            return False
        self._told_seconds, self._practice_told_at = finished.seconds, at
        self._publish(messages.practice(self._node, finished))
        return True
