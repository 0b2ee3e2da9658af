"""A year of playing at a glance: its days and weeks, and days in a row; pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from daemon.practice.history.records import DayRecord, WeekRecord

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


class Streaks(NamedTuple):
    """Local days in a row on which a session started."""

    current: int
    """Those up to today, or up to yesterday while nothing was played today."""
    longest: int
    """The most there ever were."""


def streaks(days: Collection[date], today: date) -> Streaks:
    """Return the streaks in the days on which sessions started, in any order."""
    lengths: dict[date, int] = {}
    for day in sorted(set(days)):
        lengths[day] = lengths.get(day - _DAY, 0) + 1
    current = lengths.get(today) or lengths.get(today - _DAY, 0)
    return Streaks(current, max(lengths.values(), default=0))


def local_days(starts: Iterable[float]) -> set[date]:
    """Return the local dates of wall times."""
    return {datetime.fromtimestamp(wall).date() for wall in starts}  # noqa: DTZ006 (local)


def weeks_of(year: int) -> tuple[date, date]:
    """Return the first Monday of the weeks with days in a year, and the Monday after them."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return monday_of(first), monday_of(last) + _WEEK


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def by_week(days: Iterable[DayRecord], year: int) -> Iterator[tuple[date, WeekRecord]]:
    """Yield the Monday and the playing of every week that has days in a year.

    `days` are those between the bounds of `weeks_of`.
    """
    seconds: defaultdict[date, float] = defaultdict(float)
    families: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for day in days:
        monday = monday_of(day.day)
        seconds[monday] += day.seconds
        families[monday].update(day.families)
    monday, end = weeks_of(year)
    while monday < end:
        yield monday, WeekRecord(seconds[monday], families[monday])
        monday += _WEEK
