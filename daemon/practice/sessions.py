"""Count the seconds played today and the sessions, from events: a state machine without a clock."""

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from daemon.hearing.tracker import Event, EventEnded
from daemon.practice.history.records import DayRecord, Deleted, less
from daemon.practice.summary import Figures, Summary, WallTime

# After midnight, wait at most this long for the ends of events from before midnight.
_MIDNIGHT_WAIT_SECONDS = 60.0

# A damaged file can hold any number. The limit is 30 years of playing.
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Families = Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=1000)]


class Session(msgspec.Struct, frozen=True):
    """The events of one sitting."""

    started: WallTime
    """Wall time of the first onset, in seconds since 1970."""
    seconds: Seconds
    """Duration from the first onset to the last sound."""
    families: Families
    """The families that played, in the order in which they joined."""
    family_seconds: dict[str, Seconds] | None = None
    """Seconds played by each family; None if version 0.1 began the session."""
    figures: Figures = Figures()
    """How the music was played, as far as it is known."""

    @property
    def ended(self) -> float:
        """Wall time of the last sound."""
        return self.started + self.seconds

    @property
    def summary(self) -> Summary:
        """What the session amounts to."""
        seconds = self.family_seconds
        minutes = {f: None if seconds is None else seconds.get(f, 0.0) / 60 for f in self.families}
        figures = msgspec.structs.asdict(self.figures)
        return Summary(started=self.started, ended=self.ended, minutes=minutes, **figures)


class Diary(msgspec.Struct, frozen=True):
    """State saved across restarts: seconds played per day and the current sessions."""

    day: str = "1970-01-01"
    """The local date that `seconds` and `families` belong to, YYYY-MM-DD."""
    seconds: Seconds = 0.0
    """Seconds played on that day by any family; simultaneous playing counts once."""
    families: dict[str, Seconds] = {}
    """Seconds played on that day by each family."""
    session: Session | None = None
    """The current session."""
    last: Session | None = None
    """The last session that ended and was long enough to keep."""


def _nothing(day: date) -> DayRecord:
    return DayRecord(day, 0.0, {})


class Milestones(NamedTuple):
    """The values whose change is published at once."""

    day: date
    """The local date being counted."""
    session_started: float | None
    """Wall time at which the current session began; None between sessions."""
    last: Session | None
    """The last session."""


class Sessions:
    """Counts the playing in one place.

    `at` is a time of sound, in seconds since the last `begin`; `wall` is the wall time of the same
    moment. Durations are measured in sound; the wall clock only decides which day it is.

    An open event counts only up to `settle_seconds` ago. Its end will be moved back in time, and
    the count must never decrease. `settle_seconds` may be changed at any time.

    A session ends after `gap_seconds` of silence. A session shorter than `least_seconds` is
    discarded.

    `earlier` returns what is already known to have been played on a day. After the clock was
    corrected, a day may begin for the second time.
    """

    def __init__(
        self,
        *,
        settle_seconds: float,
        gap_seconds: float,
        least_seconds: float,
        diary: Diary = Diary(),  # noqa: B008
        earlier: Callable[[date], DayRecord] = _nothing,
    ) -> None:
        self._earlier = earlier
        self.settle_seconds = settle_seconds
        self._gap_seconds = gap_seconds
        self._least_seconds = least_seconds
        self._day = _date(diary.day)
        self._seconds = diary.seconds
        self._of_family = dict(diary.families)
        self._session = diary.session
        self._last = diary.last
        self._open: dict[str, float] = {}
        self._counted: dict[str, float] = {}
        self._all_counted = 0.0
        self._session_counted: dict[str, float] = {}
        self._session_at = 0.0
        self._held: list[_Sound] = []
        self._finished: Diary | None = None

    @property
    def diary(self) -> Diary:
        """The whole state, for saving and publishing."""
        day = self._day.isoformat()
        return Diary(day, self._seconds, dict(self._of_family), self._session, self._last)

    @property
    def milestones(self) -> Milestones:
        """The current day and sessions."""
        started = None if self._session is None else self._session.started
        return Milestones(self._day, started, self._last)

    def take_finished(self) -> Diary | None:
        """Return the final counts of the day that ended since the last call; None if none did."""
        finished, self._finished = self._finished, None
        return finished

    def describe(self, figures: Figures) -> None:
        """Replace the figures of the current session; ignored between sessions."""
        if self._session is not None:
            self._session = msgspec.structs.replace(self._session, figures=figures)

    def forget(self, deleted: Deleted) -> bool:
        """Forget what was deleted; return True if the last session was. The current one goes on."""
        if (removed := deleted.days.get(self._day)) is not None:
            today = less(DayRecord(self._day, self._seconds, self._of_family), removed)
            self._seconds, self._of_family = today.seconds, dict(today.families)
        is_last = self._last is not None and deleted.has_session(self._last.started)
        self._last = None if is_last else self._last
        return is_last

    @property
    def figures(self) -> Figures:
        """The figures of the current session; all unknown between sessions."""
        return Figures() if self._session is None else self._session.figures

    @property
    def seconds(self) -> float:
        """Seconds played today, by any family."""
        return self._seconds

    def begin(self, wall: float) -> None:
        """Start, or restart, with new sound whose times begin at 0 and with no open event."""
        self._open.clear()
        self._held.clear()
        self._counted.clear()
        self._session_counted.clear()
        self._all_counted = 0.0
        if self._session is not None:
            # Without sound only the wall clock measures time; it may have been set back.
            silence = max(0.0, wall - self._session.ended)
            self._session_at = -silence - self._session.seconds
        self._turn_day(wall)

    def update(self, at: float, wall: float, events: Sequence[Event]) -> None:
        """Count the events of a window. Call it for windows without events too, to advance time."""
        if not self._is_today_or_next(wall):
            self._turn_day(wall)
        for event in events:
            if isinstance(event, EventEnded):
                self._open.pop(event.family, None)
                self._count(_Sound(event.family, event.onset, event.ended_at), at, wall)
            else:
                self._open[event.family] = event.onset
                self._join(event.family, event.onset, at, wall)
        for family, onset in self._open.items():
            self._count(_Sound(family, onset, at - self.settle_seconds), at, wall)
        if self._is_settled(at, self._day_end(at, wall)):
            self._turn_day(wall)
            held, self._held = self._held, []
            for sound in held:
                self._count(sound, at, wall)
        session = self._session
        if session is not None and not self._open:
            self._end_session(at - self._session_at - session.seconds)

    def advance_clock(self, wall: float) -> None:
        """Advance day and session by the wall clock while there is no sound."""
        self._turn_day(wall)
        if self._session is not None and not self._open:
            self._end_session(wall - self._session.ended)

    def _is_today_or_next(self, wall: float) -> bool:
        # If the clock is set back across midnight, the newer day continues.
        return -1 <= (_day_of(wall) - self._day).days <= 1

    def _turn_day(self, wall: float) -> None:
        today = _day_of(wall)
        if today > self._day or not self._is_today_or_next(wall):
            self._finished = self.diary
            self._day, self._seconds, of_family = self._earlier(today)
            self._of_family = dict(of_family)

    def _day_end(self, at: float, wall: float) -> float:
        """Return when the counted day ended, in seconds of sound; infinity if it has not ended."""
        today = _day_of(wall)
        return at - (wall - _midnight(today)) if today > self._day else math.inf

    def _is_settled(self, at: float, until: float) -> bool:
        """Return whether the playing up to `until` is final, or `until` is too long ago to wait."""
        settled = at - self.settle_seconds
        is_settled = all(until <= max(onset, settled) for onset in self._open.values())
        return is_settled or at - until >= _MIDNIGHT_WAIT_SECONDS

    def _join(self, family: str, onset: float, at: float, wall: float) -> None:
        if self._session is None:
            self._session = Session(wall - (at - onset), 0.0, (family,), {})
            self._session_at = onset
        elif family not in self._session.families:
            self._session = msgspec.structs.replace(
                self._session, families=(*self._session.families, family)
            )

    def _count(self, sound: "_Sound", at: float, wall: float) -> None:
        """Add a sound to the day's seconds of its family and in total, and to the session."""
        family, onset, until = sound
        if until <= onset:
            return
        midnight, day_end = _midnight(self._day), self._day_end(at, wall)
        today = at - (wall - midnight) if midnight <= wall else onset
        if until > day_end and family not in self._open:
            self._held.append(sound)
        ended = min(until, day_end)
        counted = max(today, onset, self._counted.get(family, onset))
        if ended > counted:
            self._of_family[family] = self._of_family.get(family, 0.0) + ended - counted
            self._counted[family] = ended
        all_counted = max(today, onset, self._all_counted)
        if ended > all_counted:
            self._seconds += ended - all_counted
            self._all_counted = ended
        self._count_in_session(sound)

    def _count_in_session(self, sound: "_Sound") -> None:
        family, onset, until = sound
        if self._session is None:
            return
        seconds = max(self._session.seconds, until - self._session_at)
        of_family = self._session.family_seconds
        counted = max(onset, self._session_counted.get(family, onset))
        if of_family is not None and until > counted:
            of_family = {**of_family, family: of_family.get(family, 0.0) + until - counted}
            self._session_counted[family] = until
        self._session = msgspec.structs.replace(
            self._session, seconds=seconds, family_seconds=of_family
        )

    def _end_session(self, silence_seconds: float) -> None:
        session = self._session
        if session is None or silence_seconds < self._gap_seconds:
            return
        if session.seconds >= self._least_seconds:
            self._last = session
        self._session = None


class _Sound(NamedTuple):
    """A sound of one family, between two times of sound."""

    family: str
    onset: float
    until: float


def _day_of(wall: float) -> date:
    return datetime.fromtimestamp(wall).astimezone().date()


def _midnight(day: date) -> float:
    """Return the wall time at which a day begins."""
    return datetime.combine(day, time.min).timestamp()


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min
