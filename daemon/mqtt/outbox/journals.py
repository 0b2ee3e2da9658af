"""Check and repair the database file and SQLite's files beside it before SQLite opens them."""

import logging
import os
from contextlib import suppress
from pathlib import Path

from daemon.system.files.private_file import (
    move_aside,
    move_non_file_aside,
    open_private,
    read_private,
    write_private,
)

log = logging.getLogger(__name__)

PAGE_BYTES = 4096
_LOG, _BESIDE = "-wal", ("-wal", "-shm", "-journal")
# Larger than any log of the outbox.
_LARGEST_LOG_BYTES = 600_000_000


def prepare(path: Path) -> Path | None:
    """Move special files aside, make files private, and repair the write-ahead log.

    Returns the path of a copy of the original files, or None if nothing had to be repaired. Raises
    OSError if the disk fails.
    """
    if not path.exists() and replacement_path(path).exists():
        # The last start was interrupted while it replaced a damaged database.
        replacement_path(path).rename(path)
    for file in (path, *_beside(path)):
        move_non_file_aside(file)
        with suppress(FileNotFoundError):
            os.close(open_private(file, os.O_RDONLY))
    write_ahead = path.with_name(path.name + _LOG)
    if not write_ahead.exists() or not write_ahead.stat().st_size:
        return None
    if path.exists() and path.stat().st_size:
        return _repair(path, write_ahead)
    # Without its database, SQLite would delete the log.
    aside = move_aside(write_ahead)
    log.error(
        "the database of %s is missing or empty; moved the log to %s; its events are lost",
        *(write_ahead, aside.name),
    )
    return None


def replacement_path(path: Path) -> Path:
    """Return where to write the database that replaces a damaged one."""
    return path.with_name(f"{path.name}.new")


def move_all_aside(path: Path) -> Path:
    """Rename the database and the files beside it; return the database's new path."""
    aside = move_aside(path)
    for file, beside in zip(_beside(path), _beside(aside), strict=True):
        # SQLite would apply a leftover log of an older database to this one.
        _remove(beside)
        with suppress(FileNotFoundError):
            file.rename(beside)
    return aside


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in _BESIDE]


def remove_all(path: Path) -> None:
    """Remove the database and the files beside it."""
    for file in (path, *_beside(path)):
        _remove(file)


def _remove(file: Path) -> None:
    move_non_file_aside(file)
    file.unlink(missing_ok=True)


def _repair(path: Path, write_ahead: Path) -> Path | None:
    """Remove damaged pages from the log; SQLite would also ignore everything after them.

    Returns the path of a copy of the original files, or None if the log is undamaged.
    """
    from daemon.mqtt.outbox.wal import repair_log

    content = read_private(write_ahead, _LARGEST_LOG_BYTES)
    repaired = repair_log(content, PAGE_BYTES)
    if repaired is None:
        return None
    aside = path.with_name(f"{path.name}.damaged")
    remove_all(aside)
    write_private(aside, read_private(path, _LARGEST_LOG_BYTES))
    write_private(aside.with_name(aside.name + _LOG), content)
    new = write_ahead.with_name(f"{write_ahead.name}.new")
    write_private(new, repaired.content)
    new.replace(write_ahead)
    log.error(
        "%s is damaged: copied to %s; %d of %d page(s) in it had to be left out",
        *(write_ahead, f"{aside.name}{_LOG}", repaired.damaged, repaired.frames),
    )
    return aside
