"""One thing to remember over restarts, as a JSON file; who writes never waits for the disk."""

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=msgspec.Struct)
_LONGEST_GOODBYE_SECONDS = 3.0


class Note(Generic[Kind]):
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
        """What was written last, or the blank; a damaged file is named and counts as absent."""
        if self._path is None:
            return self._blank
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=type(self._blank))
        except FileNotFoundError:
            return self._blank
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            log.warning("%s: %s; it is begun anew", self._path, reason)
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
                    log.warning("%s: %s; a restart will forget it", self._path, error.strerror)

    def _put(self, content: bytes) -> None:
        """Replace the file as a whole, or leave it as it was."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, content)
            os.fsync(file)
        finally:
            os.close(file)
        fresh.replace(self._path)
