"""The outbox on disk, in SQLite: events that wait, and the wills of events that are still open."""

import errno
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NoReturn

from daemon.errors import InputError
from daemon.mqtt.outbox import journals
from daemon.mqtt.outbox import rows as outbox_rows
from daemon.mqtt.outbox.event_queue import Entry
from daemon.mqtt.outbox.rows import COLUMNS, READ_ERRORS, Rows
from daemon.system.private_file import move_non_file_aside, open_private, others_may_change
from daemon.system.state_directory import DirectoryLock

log = logging.getLogger(__name__)

NAME = "outbox.sqlite"
# Step n leads from version n of the schema to n + 1. A step that was released is never changed.
_MIGRATIONS = (
    f"""
    CREATE TABLE events (number INTEGER PRIMARY KEY, {COLUMNS});
    CREATE TABLE wills (event_id TEXT PRIMARY KEY, {COLUMNS});
    """,
)
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit is on the disk, not on its way there, when it returns.
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 100",
    "PRAGMA journal_size_limit = 500000",
)
_PRIMARY_CODE = 0xFF
_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    # A table that is not as ours are.
    sqlite3.SQLITE_ERROR,
}
# No schema will ever have such a number: the field that holds it is damaged.
_HIGHEST_VERSION = 1000
_BUSY_SECONDS = 5.0
_WRITE_FORMAT_AT, _NEWEST_FORMAT = 18, 2
_LONGEST_REASON = 200


class _DamagedError(Exception):
    """The file is no outbox, or no longer."""


class OutboxFile:
    """The file in a directory that is ours alone; what it held when opened is `events` and `wills`.

    A damaged file is moved aside; what can still be read in it goes into the new one. `unusable`
    counts the events that were found and cannot be sent. Raises InputError when another daemon has
    the directory or the file is a newer Timbrel's, and OSError, in every method, for a failing
    disk.
    """

    def __init__(self, directory: Path) -> None:
        self._lock = DirectoryLock(directory)
        self._path = directory / NAME
        try:
            _warn_of_others(directory)
            rows = self._open()
        except BaseException:
            self._lock.release()
            raise
        self.events = list(rows.events.values())
        self.wills = list(rows.wills.values())
        self.unusable = rows.unusable

    def write(
        self,
        events: Mapping[int, Entry],
        gone: Iterable[int],
        wills: Mapping[str, Entry | None],
    ) -> None:
        """Add events by their numbers, forget others, set wills or, with None, forget them."""
        with self._transaction() as database:
            database.executemany("DELETE FROM events WHERE number = ?", ((n,) for n in gone))
            database.executemany("DELETE FROM wills WHERE event_id = ?", ((i,) for i in wills))
            kept = {event_id: will for event_id, will in wills.items() if will is not None}
            outbox_rows.insert(database, events, kept)

    def replace(self, events: Mapping[int, Entry], wills: Mapping[str, Entry]) -> None:
        """Hold these and nothing else."""
        with self._transaction() as database:
            database.execute("DELETE FROM events")
            database.execute("DELETE FROM wills")
            outbox_rows.insert(database, events, wills)

    def close(self) -> None:
        """Let go of the file and the directory; a transaction that failed is undone."""
        with suppress(*READ_ERRORS):
            self._database.close()
        self._lock.release()

    def _open(self) -> Rows:
        """Open an undamaged file, creating it if necessary; return the old one's content."""
        original = journals.prepare(self._path)
        try:
            self._database, rows = _connect(self._path)
            if not rows.unusable:
                return rows
            self._database.close()
            damage = f"{rows.unusable} row(s) that cannot be sent"
        except _DamagedError as error:
            damage, rows = str(error), _salvaged(self._path, original)
        # The damaged file stays in place until all of this is on the disk.
        fresh = _rebuilt(self._path, rows)
        if original is None:
            original = journals.move_all_aside(self._path)
        journals.remove_all(self._path)
        fresh.rename(self._path)
        self._database, _ = _connect(self._path)
        log.error(
            "%s is damaged (%s): moved to %s; %d event(s) could be read and are kept",
            *(self._path, damage, original.name, len(rows.events) + len(rows.wills)),
        )
        return rows

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except READ_ERRORS as error:
            _as_os_error(error, self._path)


@cache
def _warn_of_others(directory: Path) -> None:
    """Log once that other users can change the files in this directory."""
    if (reason := others_may_change(directory)) is not None:
        log.warning(
            "state.directory: %s: other users can change the files in it (%s); "
            "give Timbrel a directory of its own, with mode 0700",
            *(directory, reason),
        )


def _connect(path: Path) -> tuple[sqlite3.Connection, Rows]:
    """A checked database of the present schema, its rows read; files beside it get its mode."""
    database: sqlite3.Connection | None = None
    _create(path)
    try:
        database = _database(path)
        version = _version(database, path)
        for pragma in _PRAGMAS:
            database.execute(pragma)
        _migrate(database, version)
        rows = outbox_rows.read(database)
    except READ_ERRORS as error:
        if database is not None:
            database.close()
        if _is_damage(error):
            raise _DamagedError(_printable(error)) from None
        _as_os_error(error, path)
    except BaseException:
        if database is not None:
            database.close()
        raise
    return database, rows


def _create(path: Path) -> None:
    """Create the file where it is absent, readable for us alone.

    Raises _DamagedError for a format that SQLite would read, only to fail at the first write.
    """
    with os.fdopen(open_private(path, os.O_RDWR | os.O_CREAT), "rb") as file:
        head = file.read(_WRITE_FORMAT_AT + 1)
    if len(head) > _WRITE_FORMAT_AT and head[_WRITE_FORMAT_AT] > _NEWEST_FORMAT:
        raise _DamagedError(f"file format {head[_WRITE_FORMAT_AT]}")


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    database.text_factory = outbox_rows.text
    return database


def _salvaged(path: Path, original: Path | None) -> Rows:
    """Rows that can be read in a damaged file and in the copy made before its log was repaired."""
    from daemon.mqtt.outbox.salvage import merged, salvage

    rows = salvage(path, journals.PAGE_BYTES, _make)
    if original is None:
        return rows
    return merged(salvage(original, journals.PAGE_BYTES, _make), rows)


def _rebuilt(path: Path, rows: Rows) -> Path:
    """A new database with these rows beside the damaged one."""
    fresh = journals.fresh(path)
    move_non_file_aside(fresh)
    journals.remove_all(fresh)
    database, _ = _connect(fresh)
    try:
        database.execute("BEGIN IMMEDIATE")
        outbox_rows.insert(database, rows.events, rows.wills)
        database.execute("COMMIT")
    except sqlite3.Error as error:
        _as_os_error(error, fresh)
    finally:
        # Closing the only connection moves the log into the database.
        database.close()
    return fresh


def _make(path: Path) -> None:
    """An empty database of the present schema."""
    database = _database(path)
    _migrate(database, 0)
    database.close()


def _is_damage(error: Exception) -> bool:
    """Whether the file is to blame, rather than the disk or another program."""
    if not isinstance(error, sqlite3.Error):
        return True
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & _PRIMARY_CODE in _DAMAGED


def _as_os_error(error: Exception, path: Path) -> NoReturn:
    raise OSError(errno.EIO, _printable(error), str(path)) from None


def _printable(reason: object) -> str:
    """The last line of SQLite's message; a damaged name in it may contain any character."""
    (line,) = str(reason).splitlines()[-1:] or ["unreadable"]
    shown = "".join(c if c.isprintable() else "?" for c in line)
    return shown[:_LONGEST_REASON]


def _version(database: sqlite3.Connection, path: Path) -> int:
    """The schema's version, of a database that is sound and not too new."""
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _DamagedError(_printable(verdict))
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    if not 0 <= version <= _HIGHEST_VERSION:
        raise _DamagedError(f"schema {version}")
    if version > len(_MIGRATIONS):
        raise InputError(
            f"{path}: made by a newer Timbrel (schema {version}, this one knows "
            f"{len(_MIGRATIONS)}); install that one again, or move the file away"
        )
    return version


def _migrate(database: sqlite3.Connection, version: int) -> None:
    for number, step in enumerate(_MIGRATIONS[version:], version + 1):
        database.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")
