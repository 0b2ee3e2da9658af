"""Turns the observations of one node into messages: changed states and every event."""

from collections.abc import Callable, Mapping, Sequence

from daemon.counters import Counters
from daemon.hearing.pipeline import Observation
from daemon.hearing.scorer import FLOOR_DBFS, Heard
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import Event
from daemon.hub import messages
from daemon.hub.budget import MessageBudget
from daemon.hub.changes import ChangeFilter
from daemon.hub.companion.companion_reporter import CompanionReporter
from daemon.hub.home_assistant.discovery import discovery as device
from daemon.hub.messages import Message, Node, Playing
from daemon.hub.open_events import EventStore, OpenEvents
from daemon.hub.practice_reporter import PracticeReporter
from daemon.practice.history.history import History, PlaceHistory
from daemon.practice.history.records import Deleted
from daemon.practice.sessions import Diary, Sessions

_LEVEL_STEP_DB = 3.0
_LEVEL_SECONDS = 10.0
# The least time between two states that differ in their scores alone.
_STATE_SECONDS = 10.0
_STATE_STEP = 0.1
_SCORES_STEP = 0.05
_SCORES_SECONDS = 5.0
# Together with one message of diagnostics, a node stays below 30 messages a minute while one family
# plays. Each other family that started or ended within a minute adds as many again.
_MESSAGES_PER_MINUTE = 28.0
_BURST = 6.0
_FAMILY_SECONDS = 60.0
# How many messages the budget must still allow. Levels, and states that differ in their scores
# alone, need more, so that the scores stay fresh.
_SCORES_NEED, _OTHERS_NEED = 1, 4


class Reporter:
    """Turns observations into messages, and remembers the values published last.

    States go to `publish`. Events go to the `store`, with a will while they are open. `wall_at`
    returns the wall time of a moment of the sound, in seconds; it is called once per window.
    `sessions` are kept up to date; their diary goes to `save` at most once a minute. Events and
    sessions are added to `history`; None keeps only the days, in memory. `controls` is True if the
    node accepts commands; `started` is the wall time of the daemon's start. `shown` maps the
    model's scores to published ones; None publishes them unchanged. `companion` hears each window
    last, so that events never wait for it.
    """

    def __init__(
        self,
        node: Node,
        publish: Callable[[Message], None],
        store: EventStore,
        wall_at: Callable[[float], float],
        *,
        sessions: Sessions | None = None,
        save: Callable[[Diary], None] = lambda _: None,
        history: PlaceHistory | None = None,
        controls: bool = False,
        started: float = 0.0,
        shown: ShownScores | None = None,
        companion: CompanionReporter | None = None,
    ) -> None:
        self._node = node
        self._send = publish
        self._wall_at = wall_at
        self._controls = controls
        self._started = started
        self._shown = shown or ShownScores()
        history = history or History().of(node.name)
        self._events = OpenEvents(node, store, self._shown, history.put_event)
        self._practice = (
            None
            if sessions is None
            else PracticeReporter(node, sessions, self._publish, save, history)
        )
        self._companion = companion
        self._newest_dbfs = FLOOR_DBFS
        self._changed_at: dict[str, float] = {}
        self._budget = budget = MessageBudget(_MESSAGES_PER_MINUTE, _BURST)
        self._states = ChangeFilter[dict[str, float]](
            _moved_state,
            seconds=_STATE_SECONDS,
            is_urgent=_other_families,
            budget=budget,
            need=_OTHERS_NEED,
        )
        self._levels = ChangeFilter[float](
            _moved_level, seconds=_LEVEL_SECONDS, budget=budget, need=_OTHERS_NEED
        )
        self._scores = ChangeFilter[list[float]](
            _moved_scores, seconds=_SCORES_SECONDS, budget=budget, need=_SCORES_NEED
        )

    @property
    def practice_ms(self) -> float:
        """Moving average of the time that the companion takes for a window, in milliseconds."""
        return 0.0 if self._companion is None else self._companion.cost_ms

    def announce(self, *, discovery: bool) -> None:
        """Publish the birth messages; with `discovery` also the device."""
        for message in self.birth_messages(discovery=discovery):
            self._send(message)
        if self._companion is not None:
            self._companion.announce(self._send)

    def birth_messages(self, *, discovery: bool) -> list[Message]:
        """Return the messages of `announce`, the device first."""
        birth = [messages.availability(self._node, online=True)]
        if (own := messages.place_availability(self._node, online=True)) is not None:
            birth.append(own)
        if discovery:
            birth.insert(0, device(self._node, controls=self._controls))
        return birth

    def sound_started(self) -> None:
        """Publish that sound arrives, for the first time or again; its time starts at zero."""
        for changes in (self._states, self._levels, self._scores):
            changes.forget()
        self._events.restart_clock()
        since = self._wall_at(0.0)
        self._publish(messages.hearing(self._node, "hearing", None, since))
        if self._practice is not None:
            self._practice.begin(since)

    def observe(self, observation: Observation) -> None:
        """Publish the events and the changed states of one window."""
        heard, playing, events = observation.heard, observation.playing, observation.events
        at = heard.ended_at
        wall = self._wall_at(at)
        self._refill(at, events)
        self._newest_dbfs = heard.level_dbfs
        self._put_events(events, wall - at)
        self._events.follow(playing, at)
        scores = {event.family: self._shown.of(event.family, event.score) for event in playing}
        self._publish_state(scores, heard, wall)
        self._publish_level(heard)
        self._publish_scores(heard)
        if self._practice is not None:
            self._practice.update(at, wall, events)
        if self._companion is not None:
            self._companion.observe(observation, self._publish)

    def rest(self) -> None:
        """Update the practice while there is no sound: a new day may begin, or a session end."""
        if self._practice is not None:
            self._practice.rest(self._wall_at(0.0))

    def forget(self, deleted: Deleted) -> None:
        """Forget what the user deleted from the history."""
        if self._practice is not None:
            self._practice.forget(deleted)

    def sound_ended(self, at: float, events: Sequence[Event]) -> None:
        """Publish the last events of sound that ended as planned, `at` seconds after its start."""
        self._end(self._wall_at(at), at, events, {})

    def sound_lost(
        self, reason: str, at: float, events: Sequence[Event], since_seconds: float = 0.0
    ) -> None:
        """Publish that the node is deaf since `since_seconds` ago, and the last events."""
        wall = self._wall_at(at)
        self._end(wall, at, events, None)
        self._publish(messages.hearing(self._node, "deaf", reason, wall - since_seconds))

    def sound_muted(self, at: float, events: Sequence[Event]) -> None:
        """Publish that the node is muted, and the last events."""
        wall = self._wall_at(at)
        self._end(wall, at, events, None)
        self._publish(messages.hearing(self._node, "muted", None, wall))

    def publish_diagnostics(self, counters: Counters) -> None:
        """Publish the counters."""
        self._publish(messages.diagnostics(self._node, counters, self._started))

    def _end(
        self,
        wall: float,
        at: float,
        events: Sequence[Event],
        playing: Mapping[str, Playing] | None,
    ) -> None:
        self._put_events(events, wall - at)
        if self._practice is not None and at:
            self._practice.end(at, wall, events)
        if self._companion is not None:
            self._companion.end(self._publish)
        self._publish(messages.state(self._node, playing, self._newest_dbfs, wall))

    def _refill(self, at: float, events: Sequence[Event]) -> None:
        self._changed_at |= {event.family: at for event in events}
        recent = [a for a in self._changed_at.values() if 0.0 <= at - a < _FAMILY_SECONDS]
        self._budget.refill(at, max(1, len(recent)))

    def _publish(self, message: Message) -> None:
        self._budget.spend()
        self._send(message)

    def _put_events(self, events: Sequence[Event], sound_began: float) -> None:
        for event in events:
            self._budget.spend()
            self._events.put(event, sound_began)

    def _publish_state(self, scores: dict[str, float], heard: Heard, wall: float) -> None:
        if self._states.is_due(scores, heard.ended_at):
            self._states.published(scores, heard.ended_at)
            playing = {f: Playing(score, self._events.onset(f)) for f, score in scores.items()}
            self._publish(messages.state(self._node, playing, heard.level_dbfs, wall))

    def _publish_level(self, heard: Heard) -> None:
        if self._levels.is_due(heard.level_dbfs, heard.ended_at):
            self._levels.published(heard.level_dbfs, heard.ended_at)
            self._publish(messages.level(self._node, heard.level_dbfs))

    def _publish_scores(self, heard: Heard) -> None:
        scores = self._shown.all(heard.scores).tolist()
        if self._scores.is_due(scores, heard.ended_at):
            self._scores.published(scores, heard.ended_at)
            named = dict(zip(self._node.families, scores, strict=True))
            self._publish(messages.scores(self._node, named))


def _other_families(published: dict[str, float], new: dict[str, float]) -> bool:
    return published.keys() != new.keys()


def _moved_state(published: dict[str, float], new: dict[str, float]) -> bool:
    return any(abs(score - published[family]) >= _STATE_STEP for family, score in new.items())


def _moved_level(published: float, new: float) -> bool:
    return abs(new - published) >= _LEVEL_STEP_DB


def _moved_scores(published: list[float], new: list[float]) -> bool:
    return any(abs(a - b) >= _SCORES_STEP for a, b in zip(new, published, strict=True))
