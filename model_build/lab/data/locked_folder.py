"""Keep other processes out of a folder."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[bool | None]:
    """Make a folder, and lock it while the block runs. A killed process leaves no lock.

    Yields False if another process has the folder, or has just renamed it, and None if its file
    system has no locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        yield False
        return
    try:
        yield _is_locked(number, folder)
    finally:
        os.close(number)


def _is_locked(number: int, folder: Path) -> bool | None:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(number), folder.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError:
        return None
