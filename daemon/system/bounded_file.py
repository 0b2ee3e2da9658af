"""Files read within bounds of size and time: a path may lead to a pipe, a device or a huge file."""

import os
import select
import stat
import time
from pathlib import Path

# A pipe may have no writer. The daemon's ring holds 8 s of sound, and it reads its settings again.
_READ_SECONDS = 5.0


class UnreadableError(Exception):
    """Why there is no content, in words."""


def is_pipe(path: Path) -> bool:
    """Whether a path leads to what gives its content once: a pipe, a socket or a terminal."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def bounded_content(path: Path, most_bytes: int) -> bytes:
    """All of a file, or what the writer of a pipe sends.

    Raises UnreadableError for a file that cannot be opened, holds more than that, or gives nothing
    within 5 s.
    """
    content = b""
    deadline = time.monotonic() + _READ_SECONDS
    try:
        # Without O_NONBLOCK, opening a pipe waits for its writer.
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
