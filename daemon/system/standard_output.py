"""The program's standard input, output and error, as its caller left them."""

import os
import sys
from typing import TextIO


def open_standard_descriptors() -> None:
    """Open those of 0, 1 and 2 that the caller has closed.

    Otherwise the next file opened, such as a database, gets that number, and libraries that print
    write into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004
        pass
    os.close(number)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def duplicated_output(stream: TextIO) -> TextIO:
    """The same output under a file number of its own.

    To silence libraries, `quiet.py` points numbers 1 and 2 to the null device for a moment. What
    other threads print then must not be lost.
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
    """Nobody reads our output any more; Python's own last flush would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
