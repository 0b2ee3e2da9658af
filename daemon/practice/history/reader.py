"""Read the history file, also while a daemon writes it; nothing is changed."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from daemon.errors import FailedError, InputError
from daemon.practice.history.records import DayRecord, EventRecord
from daemon.practice.history.schema import (
    COLUMNS,
    MIGRATIONS,
    NAME,
    day_of,
    event_of,
    session_of,
)
from daemon.practice.summary import Summary
from daemon.system.files.database import (
    READ_ERRORS,
    DamagedError,
    is_damage,
    printable_reason,
    read_only,
    schema_version,
)

Record = TypeVar("Record")


class _Query(NamedTuple):
    table: str
    time: str
    columns: Sequence[str]
    order: str


def _records_of(table: str, time: str) -> _Query:
    return _Query(table, time, COLUMNS[table], f"{time}, place")


_SESSIONS = _records_of("sessions", "started")
_EVENTS = _records_of("events", "onset")
_DAYS = _records_of("days", "day")
_YEARS = _DAYS._replace(columns=("DISTINCT substr(day, 1, 4)",), order="1")

_BUSY_SECONDS = 10.0


class Selection(NamedTuple):
    """Which records to read."""

    since: datetime
    """The first time, with its time zone."""
    until: datetime
    """The time before which records begin."""
    place: str | None = None
    """Only this place; None for all places."""
    most: int | None = None
    """Only so many, the newest ones; None for all."""


def read_sessions(directory: Path, selection: Selection) -> list[tuple[str, Summary]]:
    """Return the selected sessions with their places, by time; raises as `_rows` does."""
    return list(_records(session_of, _rows(directory, _SESSIONS, selection)))


def read_events(directory: Path, selection: Selection) -> list[tuple[str, EventRecord]]:
    """Return the selected events with their places, by time; raises as `_rows` does."""
    return list(_records(event_of, _rows(directory, _EVENTS, selection)))


def read_days(directory: Path, selection: Selection) -> list[tuple[str, DayRecord]]:
    """Return the selected days with their places, by date; raises as `_rows` does."""
    return list(_records(day_of, _rows(directory, _DAYS, selection)))


def read_starts(directory: Path, selection: Selection) -> list[float]:
    """Return the wall times at which the selected sessions started; raises as `_rows` does."""
    rows = _rows(directory, _SESSIONS._replace(columns=("started",)), selection)
    return [row[0] for row in rows if isinstance(row[0], int | float)]


def read_years(directory: Path, selection: Selection) -> list[int]:
    """Return the years with selected days, oldest first; raises as `_rows` does."""
    rows = _rows(directory, _YEARS, selection)
    return [int(row[0]) for row in rows if isinstance(row[0], str) and row[0].isdecimal()]


def _records(
    convert: Callable[[Sequence[Any]], tuple[str, Record]], rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, Record]]:
    for row in rows:
        try:
            yield convert(row)
        except ValueError:  # Damage in a row; msgspec's errors are ValueErrors, too.
            continue


def _rows(directory: Path, query: _Query, selection: Selection) -> list[Any]:
    """Return the selected rows of a table, oldest first.

    Raises InputError if there is no history, it may not be read or a newer Timbrel made it, and
    FailedError if it is damaged, locked or interrupted in the middle of a change.
    """
    path, values = directory / NAME, list[Any]()
    _check_readable(path)
    time = query.time
    if time == "day":
        # A day is included if a part of it is.
        last = (selection.until - timedelta(microseconds=1)).date()
        values = [selection.since.date().isoformat(), (last + timedelta(days=1)).isoformat()]
    else:
        values = [selection.since.timestamp(), selection.until.timestamp()]
    columns = ", ".join(query.columns)
    text = f"SELECT {columns} FROM {query.table} WHERE {time} >= ? AND {time} < ?"  # noqa: S608
    if selection.place is not None:
        text += " AND place = ?"
        values.append(selection.place)
    newest = selection.most is not None
    order = f"{time} DESC LIMIT {selection.most}" if newest else query.order
    try:
        with closing(sqlite3.connect(read_only(path), timeout=_BUSY_SECONDS, uri=True)) as database:
            version = schema_version(database, path, len(MIGRATIONS))
            if version < len(MIGRATIONS):
                raise InputError(
                    f"{path}: made by an older Timbrel; start Timbrel once to convert it"
                )
            rows = database.execute(f"{text} ORDER BY {order}", values).fetchall()
            return rows[::-1] if newest else rows
    except DamagedError as error:
        raise FailedError(_damaged(path, error)) from None
    except READ_ERRORS as error:
        if is_damage(error):
            raise FailedError(_damaged(path, error)) from None
        raise FailedError(
            f"{path}: {printable_reason(error)}; start Timbrel, then try again"
        ) from None


def _damaged(path: Path, error: Exception) -> str:
    return f"{path}: damaged ({printable_reason(error)}); restart Timbrel, which repairs it"


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb") as file:
            os.fstat(file.fileno())
    except FileNotFoundError:
        raise InputError(
            f"{path}: there is no history; name the state directory of the daemon with --state "
            "(that of the service is /var/lib/timbrel)"
        ) from None
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}; run this command as root or as the user of the daemon"
        ) from None
