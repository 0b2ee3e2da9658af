"""Save one value across restarts in a JSON file; writing never waits for the disk."""

import logging
import threading
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from daemon.system.files.private_file import move_aside, read_private, write_private
from daemon.system.files.whole_file import whole_file

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=msgspec.Struct)
_MOST_BYTES = 1_000_000
_LONGEST_CLOSE_SECONDS = 3.0


class JsonStore(Generic[Kind]):
    """Stores one value of type `Kind` in `directory`/`name`.json.

    If `directory` is None, nothing is saved. `blank` is the value to start with. A thread writes
    the file and ends when nothing is left to write. A power cut loses values that are not on disk
    yet, but never damages the file.
    """

    def __init__(self, directory: Path | None, name: str, blank: Kind) -> None:
        self._path = None if directory is None else directory / f"{name}.json"
        self._blank = blank
        self._lock = threading.Lock()
        self._next: Kind | None = None
        self._thread: threading.Thread | None = None
        self._has_warned = False

    def read(self) -> Kind:
        """Return the value in the file, or the blank value if there is none.

        A damaged file is moved aside, and a warning logged.
        """
        if self._path is None:
            return self._blank
        try:
            content = read_private(self._path, _MOST_BYTES)
            return msgspec.json.decode(content, type=type(self._blank))
        except FileNotFoundError:
            return self._blank
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or error
            log.warning("%s: %s; %s", self._path, reason, _set_aside(self._path))
            return self._blank

    def write(self, value: Kind) -> None:
        """Write a value in the background; if several are waiting, only the newest is written."""
        if self._path is None:
            return
        with self._lock:
            self._next = value
            if self._thread is None:
                thread = threading.Thread(target=self._write, name="json-store", daemon=True)
                # If no thread can be started, the value is written with the next one or at close.
                with suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def close(self) -> None:
        """Wait up to 3 s until the newest value is written."""
        thread = self._thread
        if thread is not None:
            thread.join(_LONGEST_CLOSE_SECONDS)
        elif self._next is not None:
            self._write()

    def _write(self) -> None:
        while True:
            with self._lock:
                value, self._next = self._next, None
                if value is None:
                    self._thread = None
                    return
            try:
                self._put(msgspec.json.encode(value))
                self._has_warned = False
            except OSError as error:
                if not self._has_warned:
                    self._has_warned = True
                    log.warning(
                        "%s: %s; not saved, so it will be lost at the next restart",
                        self._path,
                        error.strerror,
                    )

    def _put(self, content: bytes) -> None:
        """Replace the file as a whole; raises OSError and leaves it unchanged if that fails."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_file(self._path) as fresh:
            write_private(fresh, content)


def _set_aside(path: Path) -> str:
    """Move a damaged file aside; return a phrase about that for the log."""
    try:
        return f"moved to {move_aside(path).name}; starting with defaults"
    except OSError:
        return "starting with defaults"
