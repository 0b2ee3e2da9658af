"""The outbox file, an SQLite database of waiting events and the wills of open events."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from daemon.mqtt.outbox import journals
from daemon.mqtt.outbox import rows as outbox_rows
from daemon.mqtt.outbox.event_queue import Entry
from daemon.mqtt.outbox.rows import COLUMNS, Rows
from daemon.system.files.database import (
    READ_ERRORS,
    DamagedError,
    create_private,
    is_damage,
    migrate,
    printable_reason,
    raise_os_error,
    schema_version,
)
from daemon.system.files.private_file import move_non_file_aside, others_may_change
from daemon.system.state_directory import DirectoryLock

log = logging.getLogger(__name__)

NAME = "outbox.sqlite"
# Step n migrates the schema from version n to n + 1. Released steps are never changed.
_MIGRATIONS = (
    f"""
    CREATE TABLE events (number INTEGER PRIMARY KEY, {COLUMNS});
    CREATE TABLE wills (event_id TEXT PRIMARY KEY, {COLUMNS});
    """,
)
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit returns only once the data is on the disk.
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 100",
    "PRAGMA journal_size_limit = 500000",
)
_BUSY_SECONDS = 5.0


class OutboxFile:
    """The outbox file of a state directory, which is locked while the file is open.

    A damaged file is moved aside; everything that can still be read in it is copied to a new one.
    Raises InputError if another daemon uses the directory or a newer Timbrel wrote the file. Every
    method raises OSError if the disk fails.
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
        """The events found when the file was opened, oldest first."""
        self.wills = list(rows.wills.values())
        """The wills found when the file was opened, oldest first."""
        self.unusable = rows.unusable
        """Number of rows found that are damaged or cannot be sent."""

    def write(
        self,
        events: Mapping[int, Entry],
        removed: Iterable[int],
        wills: Mapping[str, Entry | None],
    ) -> None:
        """Add `events` by number, delete `removed` numbers; set wills, or delete them if None."""
        with self._transaction() as database:
            database.executemany("DELETE FROM events WHERE number = ?", ((n,) for n in removed))
            database.executemany("DELETE FROM wills WHERE event_id = ?", ((i,) for i in wills))
            kept = {event_id: will for event_id, will in wills.items() if will is not None}
            outbox_rows.insert(database, events, kept)

    def replace(self, events: Mapping[int, Entry], wills: Mapping[str, Entry]) -> None:
        """Replace the whole content of the file."""
        with self._transaction() as database:
            database.execute("DELETE FROM events")
            database.execute("DELETE FROM wills")
            outbox_rows.insert(database, events, wills)

    def close(self) -> None:
        """Close the file and unlock the directory; a failed transaction is rolled back."""
        with suppress(*READ_ERRORS):
            self._database.close()
        self._lock.release()

    def _open(self) -> Rows:
        """Open the file, creating or repairing it if necessary; return its content."""
        original = journals.prepare(self._path)
        try:
            self._database, rows = _connect(self._path)
            if not rows.unusable:
                return rows
            self._database.close()
            damage = f"{rows.unusable} row(s) that cannot be sent"
        except DamagedError as error:
            damage, rows = str(error), _salvage(self._path, original)
        # The damaged file stays in place until the new one is on the disk.
        replacement = _rebuild(self._path, rows)
        if original is None:
            original = journals.move_all_aside(self._path)
        journals.remove_all(self._path)
        replacement.rename(self._path)
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
            raise_os_error(error, self._path)


@cache
def _warn_of_others(directory: Path) -> None:
    """Log once if other users can change the files in this directory."""
    if (reason := others_may_change(directory)) is not None:
        log.warning(
            "state.directory: %s: other users can change the files in it (%s); "
            "give Timbrel a directory of its own, with mode 0700",
            *(directory, reason),
        )


def _connect(path: Path) -> tuple[sqlite3.Connection, Rows]:
    """Open and check a database, and migrate it to the current schema; return it with its rows."""
    database: sqlite3.Connection | None = None
    create_private(path)
    try:
        database = _database(path)
        version = _version(database, path)
        for pragma in _PRAGMAS:
            database.execute(pragma)
        migrate(database, path, version, _MIGRATIONS)
        rows = outbox_rows.read(database)
    except READ_ERRORS as error:
        if database is not None:
            database.close()
        if is_damage(error):
            raise DamagedError(printable_reason(error)) from None
        raise_os_error(error, path)
    except BaseException:
        if database is not None:
            database.close()
        raise
    return database, rows


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    database.text_factory = outbox_rows.decode_text
    return database


def _salvage(path: Path, original: Path | None) -> Rows:
    """Return the readable rows of a damaged file, and of the copy made before the log repair."""
    from daemon.mqtt.outbox.salvage import merge, salvage

    rows = salvage(path, journals.PAGE_BYTES, _make_empty)
    if original is None:
        return rows
    return merge(salvage(original, journals.PAGE_BYTES, _make_empty), rows)


def _rebuild(path: Path, rows: Rows) -> Path:
    """Write a new database with these rows beside the damaged one; return its path."""
    replacement = journals.replacement_path(path)
    move_non_file_aside(replacement)
    journals.remove_all(replacement)
    database, _ = _connect(replacement)
    try:
        database.execute("BEGIN IMMEDIATE")
        outbox_rows.insert(database, rows.events, rows.wills)
        database.execute("COMMIT")
    except sqlite3.Error as error:
        raise_os_error(error, replacement)
    finally:
        # Closing the only connection moves the log into the database.
        database.close()
    return replacement


def _make_empty(path: Path) -> None:
    """Write an empty database of the current schema."""
    database = _database(path)
    migrate(database, path, 0, _MIGRATIONS)
    database.close()


def _version(database: sqlite3.Connection, path: Path) -> int:
    """Return the schema version; raises DamagedError, and InputError for a newer version."""
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise DamagedError(printable_reason(verdict))
    return schema_version(database, path, len(_MIGRATIONS))
