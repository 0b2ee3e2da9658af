"""One thing to remember over restarts, as a JSON file; who writes never waits for the disk."""

import logging
import threading
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from daemon.system.private_file import move_aside, read_private, write_private
from daemon.system.whole_file import whole_file

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=msgspec.Struct)
_MOST_BYTES = 1_000_000
_LONGEST_GOODBYE_SECONDS = 3.0


class JsonStore(Generic[Kind]):
    """A file of one kind; `directory` None: what is written is forgotten with the process.

    A thread writes, and ends when nothing is left to be written, so that rest costs nothing. What
    was not yet on the disk at a power cut is lost, what was stays whole.
    """

    def __init__(self, directory: Path | None, name: str, blank: Kind) -> None:
        self._path = None if directory is None else directory / f"{name}.json"
        self._blank = blank
        self._lock = threading.Lock()
        self._next: Kind | None = None
        self._thread: threading.Thread | None = None
        self._has_warned = False

    def read(self) -> Kind:
        """What was written last, or the blank; a damaged file is moved aside and logged."""
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
        """Have a value written; of several that come meanwhile, the newest."""
        if self._path is None:
            return
        with self._lock:
            self._next = value
            if self._thread is None:
                thread = threading.Thread(target=self._write, name="note", daemon=True)
                # Where the system has no thread left now, the next value is written.
                with suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def close(self) -> None:
        """Wait until the newest is written, within reason."""
        thread = self._thread
        if thread is not None:
            thread.join(_LONGEST_GOODBYE_SECONDS)
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
        """Replace the file as a whole, or leave it as it was."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_file(self._path) as fresh:
            write_private(fresh, content)


def _set_aside(path: Path) -> str:
    """Move a damaged file aside; return a phrase that says where it went."""
    try:
        return f"moved to {move_aside(path).name}; starting with defaults"
    except OSError:
        return "starting with defaults"
