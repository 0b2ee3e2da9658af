"""Locate the directory for state saved across restarts, and lock it for one daemon."""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from daemon.errors import InputError
from daemon.system.files.private_file import move_non_file_aside, open_private


def state_directory(configured: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the configured directory, else the service manager's, else the user's."""
    if configured is not None:
        return Path(configured)
    if managed := environment.get("STATE_DIRECTORY"):
        return Path(managed.partition(":")[0])
    users = Path(environment.get("XDG_STATE_HOME", ""))
    if not users.is_absolute():
        users = Path(environment.get("HOME", "/"), ".local", "state")
    return users / "timbrel"


class DirectoryLock:
    """An exclusive lock on a directory, held until `release` or the end of the process.

    The directory is created if it does not exist. Raises InputError if another process holds the
    lock, and OSError if the directory cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / "lock"
        move_non_file_aside(path)
        self._file = open_private(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, b"%d\n" % os.getpid(), 0)
        except BlockingIOError:
            holder = os.pread(self._file, 20, 0).decode(errors="replace").strip()
            self.release()
            raise InputError(
                f"state.directory: {directory}: another timbrel (process {holder}) uses it; "
                "stop that one, or set another state.directory for this one"
            ) from None
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Release the lock, so that another process can use the directory."""
        os.close(self._file)
