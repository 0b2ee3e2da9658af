"""Delete a session, a day or everything of one place, and tell what it had counted for."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from daemon.practice.history.records import DayRecord, Deleted, Deletion, EventRecord, less
from daemon.practice.history.schema import COLUMNS, day_of, day_row, event_of

# An event belongs to a session that starts at its onset; the times were computed separately.
_MARGIN_SECONDS = 0.5


def delete(database: sqlite3.Connection, deletion: Deletion) -> Deleted:
    """Delete rows within the caller's transaction; raises sqlite3.Error."""
    if deletion.session is not None:
        return _delete_session(database, deletion.place, deletion.session)
    if deletion.day is not None:
        return _delete_day(database, deletion.place, deletion.day)
    place = (deletion.place,)
    sessions = _starts(database, "place = ?", place)
    days = {day.day: day for day in _days(database, "place = ?", place)}
    for table in COLUMNS:
        database.execute(f"DELETE FROM {table} WHERE place = ?", place)  # noqa: S608
    return Deleted(sessions, days, is_everything=True)


def _delete_day(database: sqlite3.Connection, place: str, day: date) -> Deleted:
    bounds = (place, _midnight(day), _midnight(day + timedelta(days=1)))
    started = "place = ? AND started >= ? AND started < ?"
    sessions = _starts(database, started, bounds)
    days = {d.day: d for d in _days(database, "place = ? AND day = ?", (place, str(day)))}
    database.execute(f"DELETE FROM sessions WHERE {started}", bounds)  # noqa: S608
    database.execute("DELETE FROM events WHERE place = ? AND onset >= ? AND onset < ?", bounds)
    database.execute("DELETE FROM days WHERE place = ? AND day = ?", (place, str(day)))
    return Deleted(sessions, days)


def _delete_session(database: sqlite3.Connection, place: str, started: float) -> Deleted:
    found = database.execute(
        "SELECT ended FROM sessions WHERE place = ? AND started = ?", (place, started)
    ).fetchone()
    if found is None:
        return Deleted()
    bounds = (place, started - _MARGIN_SECONDS, float(found[0]))
    within = "place = ? AND onset >= ? AND onset <= ?"
    columns = ", ".join(COLUMNS["events"])
    rows = database.execute(f"SELECT {columns} FROM events WHERE {within}", bounds).fetchall()  # noqa: S608
    events = []
    for row in rows:
        with suppress(ValueError):
            events.append(event_of(row)[1])
    database.execute("DELETE FROM sessions WHERE place = ? AND started = ?", (place, started))
    database.execute(f"DELETE FROM events WHERE {within}", bounds)  # noqa: S608
    played = days_played(events)
    for day, removed in played.items():
        for before in _days(database, "place = ? AND day = ?", (place, str(day))):
            _write_day(database, place, less(before, removed))
    return Deleted(frozenset({started}), played)


def _write_day(database: sqlite3.Connection, place: str, day: DayRecord) -> None:
    if not day.families:
        database.execute("DELETE FROM days WHERE place = ? AND day = ?", (place, str(day.day)))
        return
    columns, row = ", ".join(COLUMNS["days"]), day_row(place, day)
    database.execute(f"INSERT OR REPLACE INTO days ({columns}) VALUES (?, ?, ?, ?)", row)  # noqa: S608


def _starts(
    database: sqlite3.Connection, where: str, values: tuple[object, ...]
) -> frozenset[float]:
    rows = database.execute(f"SELECT started FROM sessions WHERE {where}", values)  # noqa: S608
    return frozenset(row[0] for row in rows)


def _days(
    database: sqlite3.Connection, where: str, values: tuple[object, ...]
) -> Iterator[DayRecord]:
    columns = ", ".join(COLUMNS["days"])
    for row in database.execute(f"SELECT {columns} FROM days WHERE {where}", values).fetchall():  # noqa: S608
        with suppress(ValueError):
            yield day_of(row)[1]


def days_played(events: Iterable[EventRecord]) -> dict[date, DayRecord]:
    """Return the playing of each local date: simultaneous events count once in the total."""
    families: defaultdict[date, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    seconds: defaultdict[date, float] = defaultdict(float)
    counted = 0.0
    for event in sorted(events, key=lambda each: each.onset):
        for day, began, ended in _by_day(event.onset, event.onset + event.seconds):
            families[day][event.family] += ended - began
            seconds[day] += max(0.0, ended - max(began, counted))
            counted = max(counted, ended)
    return {day: DayRecord(day, seconds[day], dict(families[day])) for day in families}


def _by_day(began: float, ended: float) -> Iterator[tuple[date, float, float]]:
    """Divide a stretch of wall time at the midnights in it."""
    while began < ended:
        day = datetime.fromtimestamp(began).astimezone().date()
        until = min(ended, _midnight(day + timedelta(days=1)))
        yield day, began, until
        began = until


def _midnight(day: date) -> float:
    """Return the wall time at which a local date begins."""
    return datetime.combine(day, time.min).timestamp()
