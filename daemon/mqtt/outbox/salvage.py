"""Read the undamaged rows of a damaged database, as verified by their checksums."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from daemon.mqtt.outbox.rows import ROW_COLUMNS, Rows, check_rows, decode_text
from daemon.system.files.database import READ_ERRORS

_SCRATCH = "salvage-"
_MOST_PROBES = 10_000
# In SQLite's file header: the size in pages, and the list of free pages.
_SIZE_AT, _FREE_AT, _FREE_BYTES = 28, 32, 8


def salvage(path: Path, page_bytes: int, make_empty: Callable[[Path], None]) -> Rows:
    """Return the readable rows of a damaged database without changing it.

    `make_empty` writes an empty database of the same schema. Raises OSError if the disk fails.
    """
    for interrupted in path.parent.glob(f"{_SCRATCH}*"):
        shutil.rmtree(interrupted, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=path.parent) as folder:
        copy, empty = Path(folder, "copy"), Path(folder, "empty")
        _copy(path, copy)
        rows = _rows_of(copy)
        if rows.events and rows.wills:
            return rows
        # Replace the first page: it describes the tables, and is the same in all outboxes.
        make_empty(empty)
        _copy(path, copy)
        damaged = path.read_bytes()
        head = bytearray(empty.read_bytes()[:page_bytes])
        head[_SIZE_AT : _SIZE_AT + 4] = (len(damaged) // page_bytes).to_bytes(4, "big")
        head[_FREE_AT : _FREE_AT + _FREE_BYTES] = bytes(_FREE_BYTES)
        copy.write_bytes(head + damaged[page_bytes:])
        return merge(_rows_of(copy), rows)


def merge(older: Rows, newer: Rows) -> Rows:
    """Return the rows of two states of one database; the newer ones win."""
    events, wills = {**older.events, **newer.events}, {**older.wills, **newer.wills}
    ordered = {number: events[number] for number in sorted(events)}
    return Rows(ordered, wills, max(older.unusable, newer.unusable))


def _copy(path: Path, copy: Path) -> None:
    """Copy a database with its log, and nothing else beside it."""
    for suffix in ("-shm", "-journal"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
    for suffix in ("", "-wal"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")


def _rows_of(path: Path) -> Rows:
    with suppress(*READ_ERRORS), closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.text_factory = decode_text
        # Otherwise a damaged description of one table would make the other one unreadable.
        database.execute("PRAGMA writable_schema = ON")
        events, wills = (_readable(database, table) for table in ("events", "wills"))
        return check_rows((row for _, row in sorted(events.items())), wills.values())
    return Rows({}, {}, 0)


def _readable(database: sqlite3.Connection, table: str) -> dict[int, list[Any]]:
    """Return rows by rowid: scanned from both ends up to damage, then looked up one by one."""
    found: dict[int, list[Any]] = {}
    reached = [0, 0]
    for end, order in enumerate(("ASC", "DESC")):
        for rowid, *row in _rows(database, f"{table} NOT INDEXED ORDER BY rowid {order}"):
            if rowid in found:
                return found
            found[rowid], reached[end] = row, rowid
    for rowid in range(reached[0] + 1, min(reached[1], reached[0] + _MOST_PROBES)):
        for _, *row in _rows(database, f"{table} NOT INDEXED WHERE rowid = ?", rowid):
            found[rowid] = row
    return found


def _rows(database: sqlite3.Connection, source: str, *values: int) -> Iterator[list[Any]]:
    """Yield rows with their rowid until one cannot be read."""
    with suppress(*READ_ERRORS):
        for row in database.execute(f"SELECT rowid, * FROM {source}", values):  # noqa: S608
            if len(row) == 1 + ROW_COLUMNS:
                yield list(row)
