"""Publishes minutes played today and sessions, and saves them."""

import operator
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from daemon.hearing.tracker import Event
from daemon.hub import messages
from daemon.hub.changes import ChangeFilter
from daemon.hub.messages import Message, Node
from daemon.practice.history.history import PlaceHistory
from daemon.practice.history.records import DayRecord, Deleted
from daemon.practice.sessions import Diary, Milestones, Sessions
from daemon.practice.summary import Figures

_PRACTICE_SECONDS = 60.0


class _Published(NamedTuple):
    milestones: Milestones
    seconds: float
    figures: Figures


def _has_turned(published: _Published, new: _Published) -> bool:
    return published.milestones != new.milestones


class PracticeReporter:
    """Updates the sessions of one node, publishes them and adds them to its history.

    A new day and the start or end of a session are published at once, minutes and figures at most
    once a minute. Each published diary also goes to `save`, except for the last one of a day.
    """

    def __init__(
        self,
        node: Node,
        sessions: Sessions,
        publish: Callable[[Message], None],
        save: Callable[[Diary], None],
        history: PlaceHistory,
    ) -> None:
        self._node = node
        self._sessions = sessions
        self._publish = publish
        self._save = save
        self._history = history
        self._changes = ChangeFilter[_Published](
            operator.ne, seconds=_PRACTICE_SECONDS, is_urgent=_has_turned
        )

    def begin(self, wall: float) -> None:
        """Begin to count at a wall time; times of sound start again from zero."""
        self._sessions.begin(wall)
        self._publish_due(0.0, waits=False)

    def update(self, at: float, wall: float, events: Sequence[Event]) -> None:
        """Count one window's events; `at` is its end in seconds of sound, `wall` the wall time."""
        self._sessions.update(at, wall, events)
        self._publish_due(at)

    def rest(self, wall: float) -> None:
        """Let time pass without sound: the day may turn, or the session may end."""
        self._sessions.advance_clock(wall)
        self._publish_due(0.0)

    def end(self, at: float, wall: float, events: Sequence[Event]) -> None:
        """Count the last events before sound ends, and publish the minutes at once."""
        self._sessions.update(at, wall, events)
        self._publish_due(at, waits=False)

    def forget(self, deleted: Deleted) -> None:
        """Forget what the user deleted from the history, and publish what is left."""
        if self._sessions.forget(deleted):
            for leaf in ("practice/summary", "last_session"):
                self._publish(Message(self._node.topic(leaf), b"", retain=True))
        diary = self._sessions.diary
        day = self._publish_day(diary)
        if day.day in deleted.days:
            # The history may have got the old minutes in the meantime.
            self._history.put_day(day)
        self._save(diary)

    def _publish_due(self, at: float, *, waits: bool = True) -> None:
        if self._publish_finished(at):
            return
        before, now = (
            self._changes.last,
            _Published(self._sessions.milestones, self._sessions.seconds, self._sessions.figures),
        )
        is_due = self._changes.is_due(now, at) if waits else self._changes.differs(now)
        if not is_due:
            return
        self._changes.published(now, at)
        diary = self._sessions.diary
        # Published first, so that an automation triggered by the end of the session can read it.
        if diary.last is not None and (before is None or diary.last != before.milestones.last):
            summary = diary.last.summary
            self._publish(messages.practice_summary(self._node, summary))
            self._publish(messages.last_session(self._node, summary))
            self._history.put_session(summary)
        self._publish_day(diary)
        self._save(diary)

    def _publish_day(self, diary: Diary) -> DayRecord:
        day = DayRecord(date.fromisoformat(diary.day), diary.seconds, diary.families)
        self._publish(messages.practice(self._node, diary, self._history.week(day)))
        if diary.seconds:
            self._history.put_day(day)
        return day

    def _publish_finished(self, at: float) -> bool:
        """Publish the last minutes of a day that has ended; the new day follows at the next call.

        Of two messages on one topic at the same time only the newer one would be sent.
        """
        finished, last = self._sessions.take_finished(), self._changes.last
        if finished is None or last is None or finished.day != last.milestones.day.isoformat():
            return False
        if finished.seconds == last.seconds:
            return False
        self._changes.published(last._replace(seconds=finished.seconds), at)
        self._publish_day(finished)
        return True
