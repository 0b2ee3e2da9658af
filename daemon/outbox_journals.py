"""The outbox's database and the files that SQLite lays beside it, before SQLite opens them."""

import logging
import os
from contextlib import suppress
from pathlib import Path

from daemon.own_file import make_way, move_aside, open_own, read_own, write_own

log = logging.getLogger(__name__)

PAGE_BYTES = 4096
_LOG, _BESIDE = "-wal", ("-wal", "-shm", "-journal")
# More than the largest outbox takes.
_LARGEST_LOG_BYTES = 600_000_000


def prepare(path: Path) -> Path | None:
    """Leave only plain files that others cannot read, and a write-ahead log without damage.

    Returns the copy of the database as it was, where its log had to be mended. Raises OSError for a
    failing disk.
    """
    for file in (path, *_beside(path)):
        make_way(file)
        with suppress(FileNotFoundError):
            os.close(open_own(file, os.O_RDONLY))
    write_ahead = path.with_name(path.name + _LOG)
    if not write_ahead.exists() or not write_ahead.stat().st_size:
        return None
    if path.exists() and path.stat().st_size:
        return _mend(path, write_ahead)
    # SQLite would delete it.
    aside = move_aside(write_ahead)
    log.error("%s has lost its database: moved to %s; its events are lost", write_ahead, aside.name)
    return None


def move_all_aside(path: Path) -> Path:
    """Rename the database and the files beside it, so that nothing of them reaches the next one."""
    aside = move_aside(path)
    for file, beside in zip(_beside(path), _beside(aside), strict=True):
        # That of an older one would be taken for this one's.
        beside.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            file.rename(beside)
    return aside


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in _BESIDE]


def remove_all(path: Path) -> None:
    """Remove the database and the files beside it."""
    for file in (path, *_beside(path)):
        file.unlink(missing_ok=True)


def _mend(path: Path, write_ahead: Path) -> Path | None:
    """Leave out what is damaged in the log; SQLite would leave out everything behind it too."""
    from daemon.outbox_wal import mended

    content = read_own(write_ahead, _LARGEST_LOG_BYTES)
    better = mended(content, PAGE_BYTES)
    if better is None:
        return None
    aside = path.with_name(f"{path.name}.damaged")
    for beside in _beside(aside):
        beside.unlink(missing_ok=True)
    write_own(aside, read_own(path, _LARGEST_LOG_BYTES))
    write_own(aside.with_name(aside.name + _LOG), content)
    fresh = write_ahead.with_name(f"{write_ahead.name}.new")
    write_own(fresh, better.content)
    fresh.replace(write_ahead)
    log.error(
        "%s is damaged: copied to %s; %d of %d page(s) in it had to be left out",
        *(write_ahead, f"{aside.name}{_LOG}", better.damaged, better.frames),
    )
    return aside
