"""The outbox on disk, in SQLite: events that wait, and the wills of events that are still open."""

import errno
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from daemon.errors import InputError
from daemon.event_queue import Entry
from daemon.home_assistant import Message
from daemon.moment import Moment
from daemon.state import Lock

log = logging.getLogger(__name__)

NAME = "outbox.sqlite"
_COLUMNS = (
    "topic TEXT NOT NULL, payload BLOB NOT NULL, boot TEXT NOT NULL, "
    "since_boot REAL NOT NULL, wall REAL NOT NULL, checksum INTEGER NOT NULL"
)
# Step n leads from version n of the schema to n + 1. A step that was released is never changed.
_MIGRATIONS = (
    f"""
    CREATE TABLE events (number INTEGER PRIMARY KEY, {_COLUMNS});
    CREATE TABLE wills (event_id TEXT PRIMARY KEY, {_COLUMNS});
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
# The last of them: a table that is not as ours are.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_BUSY_SECONDS = 5.0


class _DamagedError(Exception):
    """The file is no outbox, or no longer."""


class OutboxFile:
    """The file in a directory that is ours alone; what it held when opened is `events` and `wills`.

    A damaged file is moved aside and begun anew. Raises InputError when another daemon has the
    directory or the file is a newer Timbrel's, and OSError, in every method, for a failing disk.
    """

    def __init__(self, directory: Path) -> None:
        self._lock = Lock(directory)
        self._path = directory / NAME
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

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
            _insert(database, events, {i: will for i, will in wills.items() if will is not None})

    def replace(self, events: Mapping[int, Entry], wills: Mapping[str, Entry]) -> None:
        """Hold these and nothing else."""
        with self._transaction() as database:
            database.execute("DELETE FROM events")
            database.execute("DELETE FROM wills")
            _insert(database, events, wills)

    def close(self) -> None:
        """Let go of the file and the directory; a transaction that failed is undone."""
        with suppress(sqlite3.Error):
            self._database.close()
        self._lock.release()

    def _open(self) -> None:
        try:
            self._database = self._connect()
        except _DamagedError as error:
            aside = _move_aside(self._path)
            log.error(  # noqa: TRY400
                "%s is damaged (%s): moved to %s; events that it held are lost",
                *(self._path, error, aside.name),
            )
            self._database = self._connect()

    def _connect(self) -> sqlite3.Connection:
        """A checked database of the present schema, its rows read."""
        # Files that SQLite lays beside it get the same mode.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            version = _version(database, self._path)
            for pragma in _PRAGMAS:
                database.execute(pragma)
            _migrate(database, version)
            self.events = [entry for _, entry in _rows(database, "events", "number")]
            self.wills = [entry for _, entry in _rows(database, "wills", "since_boot")]
        except sqlite3.Error as error:
            database.close()
            if getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGED:
                raise _DamagedError(error) from None
            _as_os_error(error, self._path)
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            _as_os_error(error, self._path)


def _as_os_error(error: sqlite3.Error, path: Path) -> NoReturn:
    raise OSError(errno.EIO, str(error), str(path)) from None


def _version(database: sqlite3.Connection, path: Path) -> int:
    """The schema's version, of a database that is sound and not too new."""
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _DamagedError(str(verdict).splitlines()[-1])
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    if version > len(_MIGRATIONS):
        raise InputError(
            f"{path}: made by a newer Timbrel (schema {version}, this one knows "
            f"{len(_MIGRATIONS)}); install that one again, or move the file away"
        )
    return version


def _migrate(database: sqlite3.Connection, version: int) -> None:
    for number, step in enumerate(_MIGRATIONS[version:], version + 1):
        database.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")


def _insert(
    database: sqlite3.Connection, events: Mapping[int, Entry], wills: Mapping[str, Entry]
) -> None:
    for table, entries in (("events", events), ("wills", wills)):
        database.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            ((key, *_values(entry), _checksum(*_values(entry))) for key, entry in entries.items()),
        )


def _values(entry: Entry) -> tuple[str, bytes, str, float, float]:
    return entry.message.topic, entry.message.payload, *entry.since


def _checksum(*values: Any) -> int:
    """SQLite sees that a page is damaged, but not that a byte of ours is."""
    return zlib.crc32(repr(values).encode())


def _rows(database: sqlite3.Connection, table: str, order: str) -> Iterator[tuple[Any, Entry]]:
    for key, *values, checksum in database.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608
        if _checksum(*values) != checksum:
            log.error("a damaged event is left out")
            continue
        topic, payload, *since = values
        yield key, Entry(Message(topic, payload, qos=1), Moment(*since))


def _move_aside(path: Path) -> Path:
    """Rename the database and its journal, so that nothing of it reaches the next one."""
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(f"{aside}{suffix}")
    return aside
