"""Open an audio file or a pipe; a pipe that must be seekable is copied into memory."""

import os
import re
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import InputError

STANDARD_INPUT = "-"
BUFFER_BYTES = 1 << 20
"""Number of bytes read at once when a file is searched."""
# Enough to recognize MPEG frames; half a second of raw sound.
_HEAD_BYTES = 16_384
_COPY_BYTES = 1 << 16
_MOST_SPOOLED_BYTES = 1 << 30


@dataclass
class SoundInput:
    """An open file or pipe."""

    path: str
    """The name that the user gave, for messages."""
    number: int
    """The file descriptor; `read` does not change its position."""
    size: int | None
    """Length of the file in bytes; None for a pipe."""
    head: bytes = b""
    """The first bytes of a pipe, which have already been read from it."""

    @property
    def end(self) -> int:
        """Number of bytes available to `read`: the length of the file or of a pipe's head."""
        return len(self.head) if self.size is None else self.size

    def read(self, start: int, count: int) -> bytes:
        """Return `count` bytes from the offset `start`, fewer at the end.

        Raises InputError if the file cannot be read.
        """
        if self.size is None:
            return self.head[start : start + count]
        pieces = []
        # Offsets found in a file may be larger than any file.
        count = max(0, min(count, self.size - start))
        with _convert_errors(self.path):
            while count > 0 and (piece := os.pread(self.number, count, start)):
                pieces.append(piece)
                start, count = start + len(piece), count - len(piece)
        return b"".join(pieces)

    def read_on(self, count: int) -> bytes:
        """Return up to `count` next bytes of a pipe or of standard input, none at the end.

        Raises InputError if it cannot be read.
        """
        with _convert_errors(self.path):
            return os.read(self.number, count)


@contextmanager
def _convert_errors(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the file") from None


class ForwardBytes:
    """Buffers a file's bytes up to the offset `end`, for reading forward in small steps."""

    def __init__(self, file: SoundInput, end: int) -> None:
        self._file = file
        self._end = end
        self._start = 0
        self._buffer = b""

    def at(self, position: int, count: int) -> bytes:
        """Return `count` bytes from `position` on, fewer at the end."""
        offset = position - self._start
        if offset < 0 or offset + count > len(self._buffer):
            size = max(0, min(max(count, BUFFER_BYTES), self._end - position))
            self._start, self._buffer, offset = position, self._file.read(position, size), 0
        return self._buffer[offset : offset + count]


@contextmanager
def open_input(path: str) -> Iterator[SoundInput]:
    """Open a file, a pipe or, for `-`, standard input.

    Raises InputError, naming path and remedy, if it is missing, empty, a folder or a device.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise InputError("-: standard input is closed; pipe sound into it")
        number = os.dup(sys.stdin.fileno())
    else:
        number = _open_path(path)
    try:
        yield _input(path, number)
    finally:
        os.close(number)


def _open_path(path: str) -> int:
    if not path:
        raise InputError("'': the name is empty; name an audio file")
    try:
        kind = Path(path).stat().st_mode
        if stat.S_ISDIR(kind):
            raise InputError(f"{path}: is a folder; name the audio files in it ({path}/*.wav)")
        if stat.S_ISREG(kind) or stat.S_ISFIFO(kind):
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path}: no such file; check the name") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({error.strerror}); check the file") from None
    except ValueError:
        raise InputError(f"{path}: not a valid file name; check the name") from None
    raise InputError(f"{path}: is neither a file nor a pipe; name an audio file")


def _input(path: str, number: int) -> SoundInput:
    status = os.fstat(number)
    if not stat.S_ISREG(status.st_mode):
        pipe = SoundInput(path, number, None)
        while len(pipe.head) < _HEAD_BYTES and (piece := pipe.read_on(_HEAD_BYTES)):
            pipe.head += piece
        return pipe
    if status.st_size == 0 and path != STANDARD_INPUT:
        raise InputError(f"{path}: the file is empty; record or export it again")
    return SoundInput(path, number, status.st_size)


@contextmanager
def spool_pipe(pipe: SoundInput) -> Iterator[SoundInput]:
    """Copy a pipe to a file in memory; raises InputError if it is too long for that."""
    most_bytes = min(_MOST_SPOOLED_BYTES, available_bytes() // 2)
    number = os.memfd_create("timbrel-sound", os.MFD_CLOEXEC)
    try:
        size, piece = 0, pipe.head
        while piece:
            size += len(piece)
            if size > most_bytes:
                raise InputError(
                    f"{pipe.path}: a pipe of this format may hold at most "
                    f"{most_bytes >> 20} MB; save it as a file first"
                )
            _write(pipe.path, number, piece)
            piece = pipe.read_on(_COPY_BYTES)
        yield SoundInput(pipe.path, number, size)
    finally:
        os.close(number)


def available_bytes() -> int:
    """Return the kernel's estimate of the free memory, or a very large number without one."""
    try:
        found = re.search(
            r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE
        )
    except OSError:
        found = None
    return int(found[1]) << 10 if found else sys.maxsize


def _write(path: str, number: int, piece: bytes) -> None:
    try:
        with memoryview(piece) as view:
            while view:
                view = view[os.write(number, view) :]  # noqa: PLW2901
    except OSError as error:
        raise InputError(
            f"{path}: the pipe cannot be copied into memory ({error.strerror}); "
            "save it as a file first"
        ) from None


@contextmanager
def rejoin_pipe(pipe: SoundInput) -> Iterator[int]:
    """Yield the descriptor of a new pipe with all of the input, including its first bytes."""
    reading, writing = os.pipe()
    source = os.dup(pipe.number)

    def feed() -> None:
        piece = pipe.head
        with suppress(OSError), os.fdopen(writing, "wb", buffering=0) as sink:
            while piece:
                sink.write(piece)
                piece = os.read(source, _COPY_BYTES)
        os.close(source)

    threading.Thread(target=feed, name="pipe", daemon=True).start()
    try:
        yield reading
    finally:
        # Closing ends a thread that is writing; one that waits for input ends with the process.
        with suppress(OSError):
            os.close(reading)
