"""Read files within limits of size and time, since a path may be a pipe, a device or huge."""

import os
import select
import stat
import time
from pathlib import Path

# A pipe may have no writer. Reloading settings must take less than the 8 s that the ring buffers.
_READ_SECONDS = 5.0


class UnreadableError(Exception):
    """The content cannot be read; the message is the reason."""


def is_pipe(path: Path) -> bool:
    """Return whether `path` is a pipe, a socket or a device such as a terminal.

    The content of these may be readable only once.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def bounded_content(path: Path, most_bytes: int) -> bytes:
    """Return the whole content of a file, or of a pipe until its writer closes it.

    Raises UnreadableError if the file cannot be opened, is larger than `most_bytes`, or is
    incomplete after 5 s.
    """
    content = b""
    deadline = time.monotonic() + _READ_SECONDS
    try:
        # Without O_NONBLOCK, opening a pipe blocks until it has a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            while len(content) <= most_bytes:
                left_seconds = max(0.0, deadline - time.monotonic())
                if not select.select([file], [], [], left_seconds)[0]:
                    raise UnreadableError(f"nothing came from it within {_READ_SECONDS:g} s")
                piece = file.read(most_bytes + 1)
                if piece == b"":
                    return content
                content += piece or b""
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from None
    raise UnreadableError(f"larger than {most_bytes // 1024} KiB")
