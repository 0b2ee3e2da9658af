"""Publishes what the companion of one node finds, and adds it to the session."""

import math
import time
from collections.abc import Callable

from daemon.hearing.pipeline import Observation
from daemon.hub.changes import ChangeFilter
from daemon.hub.companion.practice_messages import practice_note, practice_now
from daemon.hub.messages import Message, Node
from daemon.practice.companion import READING_SECONDS, Companion
from daemon.practice.now import Now
from daemon.practice.sessions import Sessions
from daemon.practice.switches import Switches
from daemon.practice.tally import Tally, figures_of, wanted

# A value that has moved by less is not published again, for the sake of the hub's database.
_STEPS = {
    "a4_hz": 0.5,
    "in_tune": 0.02,
    "median_cents": 2.0,
    "tempo_bpm": 1.0,
    "tempo_stability": 0.02,
    "tempo_drift": 0.02,
    "key_confidence": 0.1,
    "vibrato_hz": 0.5,
    "vibrato_cents": 5.0,
}
# Of the share of a genre, 0..1.
_GENRE_STEP = 0.1
_SAVE_SECONDS = 60.0
# The weight of the newest window in the moving average of its cost.
_NEWEST_WEIGHT = 0.05


class CompanionReporter:
    """Passes observations to a companion; its messages go to `publish`, its sums to `save`.

    `sessions` receive the figures of the current session. `tally` is the one that was saved last.
    Live notes go to `publish_note`, because they do not count as messages of the node.
    """

    def __init__(
        self,
        node: Node,
        companion: Companion,
        sessions: Sessions,
        *,
        publish_note: Callable[[Message], None],
        tally: Tally,
        save: Callable[[Tally], None],
    ) -> None:
        self._node = node
        self._companion = companion
        self._sessions = sessions
        self._publish_note = publish_note
        self._save = save
        self._switches = Switches()
        self._is_note_shown = False
        self._saved_at = -math.inf
        self._is_unsaved = False
        self._now = ChangeFilter[Now](_has_moved, seconds=READING_SECONDS, is_urgent=_turns)
        self._now.published(Now(), 0.0)
        self.cost_ms = 0.0
        """Moving average of the time that a window of playing takes, in milliseconds."""
        companion.begin_session(tally)

    def use(self, switches: Switches) -> None:
        """Replace the switches."""
        self._switches = switches
        self._companion.use(switches)

    def announce(self, publish: Callable[[Message], None]) -> None:
        """Publish that nobody plays, in place of what an earlier process may have left."""
        publish(practice_now(self._node, Now()))

    def observe(self, observation: Observation, publish: Callable[[Message], None]) -> None:
        """Hear a window, and publish what has changed; `sessions` have heard it before."""
        companion, was_active = self._companion, self._companion.is_active
        if not was_active and not observation.playing:
            return
        began = time.perf_counter()
        self._follow_session()
        before = companion.now
        companion.observe(observation)
        at = observation.heard.ended_at
        if companion.now is not before or was_active != companion.is_active:
            self._describe(at)
        self._publish_sounding()
        self._publish_now(at, publish)
        cost_ms = 1000.0 * (time.perf_counter() - began)
        self.cost_ms += (_NEWEST_WEIGHT if self.cost_ms else 1.0) * (cost_ms - self.cost_ms)

    def end(self, publish: Callable[[Message], None]) -> None:
        """Stop, because the sound has ended."""
        if self._companion.is_active or self._is_unsaved:
            self._companion.end_sound()
            self._describe(math.inf)
        self._publish_sounding()
        self._publish_now(0.0, publish)

    def _follow_session(self) -> None:
        started = self._sessions.milestones.session_started
        if started is not None and started != self._companion.tally.started:
            self._companion.begin_session(Tally(started=started))

    def _describe(self, at: float) -> None:
        """Add the figures to the session, and save their sums at most once a minute.

        `at` is in seconds of sound; infinity saves them in any case.
        """
        tally = self._companion.tally
        figures = figures_of(tally, self._switches.reference_hz)
        self._sessions.describe(wanted(figures, self._switches))
        self._is_unsaved = 0.0 <= at - self._saved_at < _SAVE_SECONDS
        if not self._is_unsaved:
            self._saved_at = at
            self._save(tally.copy())

    def _publish_sounding(self) -> None:
        sounding = self._companion.sounding if self._switches.live_notes else None
        if sounding is not None and sounding.newest is not None:
            key = self._companion.now.key
            self._is_note_shown = True
            self._publish_note(practice_note(self._node, *sounding, key))
        elif self._is_note_shown:
            self._is_note_shown = False
            self._publish_note(practice_note(self._node, (), None, None, None))

    def _publish_now(self, at: float, publish: Callable[[Message], None]) -> None:
        now = self._companion.now
        if self._now.is_due(now, at):
            self._now.published(now, at)
            publish(practice_now(self._node, now))


def _turns(published: Now, new: Now) -> bool:
    """Return whether the playing has ended: old figures must not pass for new ones."""
    return new == Now() != published


def _has_moved(published: Now, new: Now) -> bool:
    if _has_genre_moved(published.genre, new.genre):
        return True
    for name, before in published._replace(genre=new.genre)._asdict().items():
        after, step = getattr(new, name), _STEPS.get(name)
        if before is None or after is None or step is None:
            if before != after:
                return True
        elif abs(after - before) >= step:
            return True
    return False


def _has_genre_moved(published: dict[str, float] | None, new: dict[str, float] | None) -> bool:
    if published is None or new is None:
        return published is not new
    shares = [(published.get(name, 0.0), new.get(name, 0.0)) for name in published | new]
    return any(round(abs(after - before), 3) >= _GENRE_STEP for before, after in shares)
