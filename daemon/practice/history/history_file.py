"""The history file, an SQLite database that other processes may read while it is written."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from daemon.configuration.settings import HistorySettings
from daemon.practice.history.deletion import delete
from daemon.practice.history.records import DayRecord, Deleted, Deletion
from daemon.practice.history.schema import COLUMNS, MIGRATIONS, NAME, day_of
from daemon.system.files.database import (
    READ_ERRORS,
    DamagedError,
    create_private,
    is_damage,
    migrate,
    printable_reason,
    raise_os_error,
    read_only,
    schema_version,
)
from daemon.system.files.private_file import move_aside, move_non_file_aside

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_PRAGMAS = (
    # Takes effect in a new file only; the pages of deleted rows are then given back.
    "PRAGMA auto_vacuum = INCREMENTAL",
    # Unlike a write-ahead log, this lets a reader without write access open the file.
    "PRAGMA journal_mode = TRUNCATE",
    "PRAGMA synchronous = FULL",
)
# A reader holds the file only while it fetches rows.
_BUSY_SECONDS = 10.0
_MEGABYTE = 1_000_000
_DAY_SECONDS = 86_400.0
# Age counts from the newest record that was found, plus this, if the clock is further ahead.
_LONGEST_ABSENCE_SECONDS = 366 * _DAY_SECONDS
# Share of the oldest events that is removed at once if the file is too large.
_REMOVED_SHARE = 0.1
# The time of a row of each table, as an expression in SQL.
_TIMES = {"events": "onset", "sessions": "ended", "days": "CAST(strftime('%s', day) AS REAL)"}
_NEWEST_DAYS = 1000


class HistoryFile:
    """The history file of a state directory, which the caller has locked.

    A damaged file is moved aside; the rows that can still be read are copied to a new one. Raises
    InputError if a newer Timbrel wrote the file. Every method raises OSError if the disk fails.
    """

    def __init__(self, directory: Path, bounds: HistorySettings) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / NAME
        self._bounds = bounds
        self.days: list[tuple[str, DayRecord]] = []
        """The newest days of all places when the file was opened, each with its place."""
        try:
            self._open()
        except DamagedError as error:
            self._replace_damaged(str(error))

    def write(self, rows: Mapping[str, Iterable[Sequence[Any]]], now: float) -> None:
        """Insert or replace rows by table; then remove what exceeds the bounds at wall time `now`.

        After damage the rows are written to a new file.
        """
        self._repairing(lambda: self._write(rows, now))

    def delete(self, deletion: Deletion) -> Deleted:
        """Delete rows, and overwrite their place in the file; return what was deleted.

        After damage they are deleted from a new file; the one that was moved aside keeps them.
        """
        return self._repairing(lambda: self._delete(deletion))

    def _repairing(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns; if the file is damaged, replace it and try once more."""
        try:
            return work()
        except DamagedError as error:
            self._replace_damaged(str(error))
        try:
            return work()
        except DamagedError as error:
            raise_os_error(error, self._path)

    def _delete(self, deletion: Deletion) -> Deleted:
        try:
            self._database.execute("PRAGMA secure_delete = ON")
            self._database.execute("BEGIN IMMEDIATE")
            deleted = delete(self._database, deletion)
            self._database.execute("COMMIT")
            self._keep_size()
        except READ_ERRORS as error:
            with suppress(*READ_ERRORS):
                self._database.execute("ROLLBACK")
            _raise(error, self._path)
        return deleted

    def close(self) -> None:
        """Close the file."""
        with suppress(*READ_ERRORS):
            self._database.close()

    def _open(self) -> None:
        self._database = _connect(self._path)
        try:
            self._newest, self.days = self._newest_time(), self._read_days()
        except READ_ERRORS as error:
            self.close()
            _raise(error, self._path)

    def _write(self, rows: Mapping[str, Iterable[Sequence[Any]]], now: float) -> None:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            for table, values in rows.items():
                _insert(self._database, table, values)
            if "days" in rows:
                # What is left of a day of which everything was deleted.
                self._database.execute("DELETE FROM days WHERE seconds <= 0")
            self._remove_old(now)
            self._database.execute("COMMIT")
            self._keep_size()
        except READ_ERRORS as error:
            with suppress(*READ_ERRORS):
                self._database.execute("ROLLBACK")
            _raise(error, self._path)

    def _remove_old(self, now: float) -> None:
        latest = min(now, self._newest + _LONGEST_ABSENCE_SECONDS) if self._newest else now
        self._remove_before(latest - self._bounds.max_days * _DAY_SECONDS)

    def _remove_before(self, wall: float) -> None:
        for table, time in _TIMES.items():
            self._database.execute(f"DELETE FROM {table} WHERE {time} < ?", (wall,))  # noqa: S608

    def _keep_size(self) -> None:
        """Remove the oldest rows while the file is too large, and give their pages back."""
        while self._used_bytes() > self._bounds.max_megabytes * _MEGABYTE:
            limit = self._time_of_oldest()
            if limit is None:
                return
            self._database.execute("BEGIN IMMEDIATE")
            self._remove_before(limit)
            self._database.execute("COMMIT")
        # `execute` would give back a single page, because it does not step to the end.
        self._database.executescript("PRAGMA incremental_vacuum")

    def _used_bytes(self) -> int:
        size, pages, free = (
            int(self._database.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_size", "page_count", "freelist_count")
        )
        return size * (pages - free)

    def _time_of_oldest(self) -> float | None:
        """Return the time before which a share of the largest table lies; None without rows."""
        counts = {
            table: int(self._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            for table in _TIMES
        }
        table = max(counts, key=lambda name: counts[name])
        if counts[table] <= 1:
            return None
        oldest = max(1, int(counts[table] * _REMOVED_SHARE))
        time = _TIMES[table]
        found = self._database.execute(
            f"SELECT {time} FROM {table} ORDER BY {time} LIMIT 1 OFFSET ?",  # noqa: S608
            (oldest,),
        ).fetchone()
        return float(found[0])

    def _newest_time(self) -> float:
        """Return the wall time of the newest record; 0 if there is none."""
        newest = [
            self._database.execute(f"SELECT max({time}) FROM {table}").fetchone()[0]  # noqa: S608
            for table, time in _TIMES.items()
        ]
        return max((float(time) for time in newest if isinstance(time, int | float)), default=0.0)

    def _read_days(self) -> list[tuple[str, DayRecord]]:
        columns = ", ".join(COLUMNS["days"])
        rows = self._database.execute(
            f"SELECT {columns} FROM days ORDER BY day DESC LIMIT {_NEWEST_DAYS}"  # noqa: S608
        ).fetchall()
        days = []
        for row in rows:
            with suppress(ValueError):
                days.append(day_of(row))
        return days

    def _replace_damaged(self, damage: str) -> None:
        """Move the damaged file aside, and copy its readable rows to a new one."""
        with suppress(AttributeError):
            self.close()
        aside = move_aside(self._path)
        journal = self._path.with_name(f"{self._path.name}-journal")
        if journal.exists():
            journal.replace(aside.with_name(f"{aside.name}-journal"))
        try:
            self._database = _connect(self._path)
            kept = _copy_rows(aside, self._database)
            self._database.close()
            self._open()
        except (DamagedError, *READ_ERRORS) as error:
            raise_os_error(error, self._path)
        log.error(
            "%s is damaged (%s): moved to %s; %d row(s) could be read and are kept",
            *(self._path, damage, aside.name, kept),
        )


def _connect(path: Path) -> sqlite3.Connection:
    """Open a database, and migrate it to the current schema.

    Raises DamagedError, OSError if the disk fails, and InputError for a newer schema.
    """
    for file in (path, path.with_name(f"{path.name}-journal")):
        move_non_file_aside(file)
    create_private(path)
    database = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        version = schema_version(database, path, len(MIGRATIONS))
        for pragma in _PRAGMAS:
            database.execute(pragma).fetchall()
        migrate(database, path, version, MIGRATIONS)
        for table, columns in COLUMNS.items():
            database.execute(f"SELECT {', '.join(columns)} FROM {table} LIMIT 1").fetchall()  # noqa: S608
    except READ_ERRORS as error:
        database.close()
        _raise(error, path)
    except BaseException:
        database.close()
        raise
    return database


def _raise(error: Exception, path: Path) -> NoReturn:
    """Raise DamagedError if the file is damaged, else OSError."""
    if is_damage(error):
        raise DamagedError(printable_reason(error)) from None
    raise_os_error(error, path)


def _insert(database: sqlite3.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    columns = COLUMNS[table]
    marks = ", ".join("?" * len(columns))
    database.executemany(
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
        rows,
    )


def _copy_rows(damaged: Path, database: sqlite3.Connection) -> int:
    """Copy the rows of a damaged file, of each table up to the damage; return their number."""
    kept = 0
    database.execute("BEGIN IMMEDIATE")
    with closing(sqlite3.connect(read_only(damaged), uri=True)) as old:
        for table, columns in COLUMNS.items():
            with suppress(*READ_ERRORS):
                for row in old.execute(f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED"):  # noqa: S608
                    _insert(database, table, [row])
                    kept += 1
    database.execute("COMMIT")
    return kept
