"""The directory that outlives the process: where it is, and that one daemon alone uses it."""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from daemon.errors import InputError
from daemon.system.private_file import move_non_file_aside, open_private


def state_directory(configured: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The configured directory, else the service manager's, else the user's."""
    if configured is not None:
        return Path(configured)
    if managed := environment.get("STATE_DIRECTORY"):
        return Path(managed.partition(":")[0])
    users = Path(environment.get("XDG_STATE_HOME", ""))
    if not users.is_absolute():
        users = Path(environment.get("HOME", "/"), ".local", "state")
    return users / "timbrel"


class DirectoryLock:
    """A directory of our own, made where it is absent, until `release` or the process's end.

    Raises InputError when another process has it, OSError where it cannot be written.
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
                "stop that one, or give this one a directory of its own"
            ) from None
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Let others have the directory."""
        os.close(self._file)
