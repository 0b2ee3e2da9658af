"""Open, duplicate and discard the program's standard streams."""

import os
import sys
from typing import TextIO


def open_standard_descriptors() -> None:
    """Open the file descriptors 0, 1 and 2 on the null device if the caller has closed them.

    Otherwise the next file to be opened, such as a database, would get that descriptor, and
    libraries that print would write into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004
        pass
    os.close(number)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def duplicated_output(stream: TextIO) -> TextIO:
    """Return the same output with a file descriptor of its own.

    `silenced_output` redirects the descriptors 1 and 2 to the null device for a moment. Output of
    other threads must not be lost in that time. Return `stream` itself if it has no descriptor.
    """
    try:
        return os.fdopen(
            os.dup(stream.fileno()),
            "w",
            buffering=1 if stream.line_buffering else -1,
            encoding=stream.encoding,
            errors=stream.errors,
        )
    except (OSError, ValueError):
        return stream


def discard_output() -> None:
    """Redirect standard output to the null device after its reader has gone.

    Otherwise Python's own flush at exit would raise BrokenPipeError again.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
