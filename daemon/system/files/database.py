"""SQLite databases in the state directory: schema versions, migration and errors."""

import errno
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from daemon.errors import InputError
from daemon.system.files.private_file import move_non_file_aside, open_private
from daemon.system.files.schema_copies import copies, copy_path
from daemon.system.installation import command

# sqlite3 raises the last two for text that is not UTF-8 and for a wrong size.
READ_ERRORS = (sqlite3.Error, UnicodeDecodeError, MemoryError)
_PRIMARY_CODE = 0xFF
_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    # A table has other columns than ours.
    sqlite3.SQLITE_ERROR,
}
# A higher version number can only come from damage.
_HIGHEST_VERSION = 1000
_WRITE_FORMAT_AT, _NEWEST_FORMAT = 18, 2
_LONGEST_REASON = 200


class DamagedError(Exception):
    """The file is damaged, or not a database of this kind."""


def create_private(path: Path) -> None:
    """Create the file if it does not exist, readable only by us.

    Raises OSError if that fails, and DamagedError for a file format that SQLite can read but not
    write.
    """
    with os.fdopen(open_private(path, os.O_RDWR | os.O_CREAT), "rb") as file:
        head = file.read(_WRITE_FORMAT_AT + 1)
    if len(head) > _WRITE_FORMAT_AT and head[_WRITE_FORMAT_AT] > _NEWEST_FORMAT:
        raise DamagedError(f"file format {head[_WRITE_FORMAT_AT]}")


def read_only(path: Path) -> str:
    """Return the URI with which sqlite3 opens a database without being able to change it."""
    return f"file:{quote(str(path.absolute()))}?mode=ro"


def schema_version(database: sqlite3.Connection, path: Path, newest: int) -> int:
    """Return the schema version of an open database, from 0 (empty) to `newest`.

    Raises DamagedError for an impossible version, and InputError for a newer one.
    """
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    if not 0 <= version <= _HIGHEST_VERSION:
        raise DamagedError(f"schema {version}")
    if version > newest:
        raise InputError(
            f"{path}: made by a newer Timbrel (schema {version}, this version supports "
            f"{newest}); install the newer version again, or {_remedy(path, newest)}"
        )
    return version


def migrate(
    database: sqlite3.Connection, path: Path, version: int, migrations: Sequence[str]
) -> None:
    """Migrate from `version` to the newest schema; step n leads from version n to n + 1.

    The old file is copied to `NAME.schema-VERSION` first; copies of earlier versions are removed.
    Raises sqlite3.Error or OSError if that fails; the database then has its old schema, or that of
    a step in between.
    """
    if 0 < version < len(migrations):
        _copy(database, path, version)
    for number, step in enumerate(migrations[version:], version + 1):
        database.executescript(f"BEGIN; {step} PRAGMA user_version = {number}; COMMIT;")


def is_damage(error: Exception) -> bool:
    """Return whether the file is damaged, as opposed to a failing disk or a locked file."""
    if not isinstance(error, sqlite3.Error):
        return True
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & _PRIMARY_CODE in _DAMAGED


def raise_os_error(error: Exception, path: Path) -> NoReturn:
    """Raise an OSError with the text of an error of sqlite3."""
    raise OSError(errno.EIO, printable_reason(error), str(path)) from None


def printable_reason(reason: object) -> str:
    """Return the last line of SQLite's message; damaged names in it may contain any character."""
    (line,) = str(reason).splitlines()[-1:] or ["unreadable"]
    shown = "".join(c if c.isprintable() else "?" for c in line)
    return shown[:_LONGEST_REASON]


def _remedy(path: Path, version: int) -> str:
    if not copy_path(path, version).is_file():
        return "move the file away"
    reset = command("reset", "--to-schema", str(version), "--state", str(path.parent))
    return f"go back to the copy from before its migration with: {reset}"


def _copy(database: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the database to `NAME.schema-VERSION`, mode 0600, and remove older copies."""
    copy = copy_path(path, version)
    fresh = copy.with_name(f"{copy.name}.new")
    move_non_file_aside(fresh)
    fresh.unlink(missing_ok=True)
    os.close(open_private(fresh, os.O_RDWR | os.O_CREAT))
    with closing(sqlite3.connect(fresh)) as target:
        database.backup(target)
        # The copy of a database in WAL mode would need files beside it.
        target.execute("PRAGMA journal_mode = DELETE")
    move_non_file_aside(copy)
    fresh.replace(copy)
    for older in copies(path.parent):
        if older != copy and older.with_suffix("") == path and older.is_file():
            older.unlink()
