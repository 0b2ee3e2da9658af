"""Events in, minutes played today and sessions out: a pure state machine, time is an argument."""

import math
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from daemon.hearing.tracker import Event, EventEnded

# For so long, at most, the sound before midnight may take to be known.
_LONGEST_NIGHT_SECONDS = 60.0

# A file may be damaged and say anything: up to the year 2200, and 30 years of playing.
WallTime = Annotated[float, Meta(ge=0, le=7_258_118_400)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Families = Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=1000)]


class Session(msgspec.Struct, frozen=True):
    """The events of one sitting: from the first onset, at a wall time, to the last sound."""

    started: WallTime
    seconds: Seconds
    families: Families

    @property
    def ended(self) -> float:
        """The wall time of its last sound."""
        return self.started + self.seconds


class Diary(msgspec.Struct, frozen=True):
    """State saved across restarts: seconds played per day and the current sessions."""

    day: str = "1970-01-01"
    seconds: Seconds = 0.0
    families: dict[str, Seconds] = {}
    session: Session | None = None
    last: Session | None = None


class Turn(NamedTuple):
    """What the hub is told of at once when it changes."""

    day: date
    session_started: float | None
    last: Session | None


class Sessions:
    """Adds up what is played in one place.

    Times of sound (`at`) are seconds since the last `begin`, `wall` is the wall time of the same
    moment. Durations come from the sound; the wall clock only says which day it is. Of an event
    that is still open, what lies longer ago than `settle_seconds` counts: its end will be
    back-dated, and minutes must never become fewer. It may be set anew at any time. A session ends
    after `gap_seconds` of silence; one shorter than `least_seconds` is not worth remembering.
    """

    def __init__(
        self,
        *,
        settle_seconds: float,
        gap_seconds: float,
        least_seconds: float,
        diary: Diary = Diary(),  # noqa: B008
    ) -> None:
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
        self._session_at = 0.0
        self._held: list[_Sound] = []
        self._finished: Diary | None = None

    @property
    def diary(self) -> Diary:
        """Everything, for the disk and the hub."""
        day = self._day.isoformat()
        return Diary(day, self._seconds, dict(self._of_family), self._session, self._last)

    @property
    def turn(self) -> Turn:
        """Which day and which sessions these are."""
        started = None if self._session is None else self._session.started
        return Turn(self._day, started, self._last)

    def take_finished(self) -> Diary | None:
        """The day that has ended since the last call, with all that was played on it."""
        finished, self._finished = self._finished, None
        return finished

    @property
    def seconds(self) -> float:
        """Seconds played today, by any family."""
        return self._seconds

    def begin(self, wall: float) -> None:
        """Sound begins, or begins again; no event is open."""
        self._open.clear()
        self._held.clear()
        self._counted.clear()
        self._all_counted = 0.0
        if self._session is not None:
            # While nobody listened only the wall clock knows how long it was; it may have jumped.
            silence = max(0.0, wall - self._session.ended)
            self._session_at = -silence - self._session.seconds
        self._turn_day(wall)

    def update(self, at: float, wall: float, events: Sequence[Event]) -> None:
        """One window's events; also without any, so that time goes by."""
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
        if self._is_known(at, self._day_end(at, wall)):
            self._turn_day(wall)
            held, self._held = self._held, []
            for sound in held:
                self._count(sound, at, wall)
        session = self._session
        if session is not None and not self._open:
            self._end_session(at - self._session_at - session.seconds)

    def rest(self, wall: float) -> None:
        """Nobody listens: the day and the session go on by the wall clock."""
        self._turn_day(wall)
        if self._session is not None and not self._open:
            self._end_session(wall - self._session.ended)

    def _is_today_or_next(self, wall: float) -> bool:
        # A clock that is set back over midnight does not bring yesterday back.
        return -1 <= (_day_of(wall) - self._day).days <= 1

    def _turn_day(self, wall: float) -> None:
        today = _day_of(wall)
        if today > self._day or not self._is_today_or_next(wall):
            self._finished = self.diary
            self._day, self._seconds, self._of_family = today, 0.0, {}

    def _day_end(self, at: float, wall: float) -> float:
        """When the day ended that is counted, in seconds of sound; infinite while it lasts."""
        today = _day_of(wall)
        return at - (wall - _midnight(today)) if today > self._day else math.inf

    def _is_known(self, at: float, until: float) -> bool:
        """Whether it is known what was played until then, or has taken too long."""
        settled = at - self.settle_seconds
        is_known = all(until <= max(onset, settled) for onset in self._open.values())
        return is_known or at - until >= _LONGEST_NIGHT_SECONDS

    def _join(self, family: str, onset: float, at: float, wall: float) -> None:
        if self._session is None:
            self._session = Session(wall - (at - onset), 0.0, (family,))
            self._session_at = onset
        elif family not in self._session.families:
            self._session = msgspec.structs.replace(
                self._session, families=(*self._session.families, family)
            )

    def _count(self, sound: "_Sound", at: float, wall: float) -> None:
        """Count a family's sound on the day, and its share of what any family played."""
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
        session = self._session
        if session is not None and until - self._session_at > session.seconds:
            self._session = msgspec.structs.replace(session, seconds=until - self._session_at)

    def _end_session(self, silence_seconds: float) -> None:
        session = self._session
        if session is None or silence_seconds < self._gap_seconds:
            return
        if session.seconds >= self._least_seconds:
            self._last = session
        self._session = None


class _Sound(NamedTuple):
    """A family's sound between two moments."""

    family: str
    onset: float
    until: float


def _day_of(wall: float) -> date:
    return datetime.fromtimestamp(wall).astimezone().date()


def _midnight(day: date) -> float:
    """The wall time at which a day begins."""
    return datetime.combine(day, time.min).timestamp()


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min
