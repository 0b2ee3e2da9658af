"""The `timbrel-build` command: runs one command and turns its result into an exit code."""

import contextlib
import errno
import io
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from daemon.errors import FailedError, InputError
from daemon.system.standard_output import discard_output
from model_build.commands.parser import build_parser

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

_PATH_ERRORS = {
    errno.EACCES,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}
OK, FAILED, WRONG_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


class _Terminated(KeyboardInterrupt):
    """SIGTERM, such as from a batch system or a container: it ends a command like Ctrl-C."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = build_parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Print each line at once, also to a pipe or a log file.
        sys.stdout.reconfigure(line_buffering=True)
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    # Otherwise TensorFlow prints a page of C++ log lines when it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    call: Callable[[Namespace], None] = options.call
    try:
        with _interrupted_by_sigterm():
            call(options)
    except InputError as error:
        print(f"timbrel-build: {error}", file=sys.stderr)
        return WRONG_INPUT
    except FailedError as error:
        print(f"timbrel-build: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt as interruption:
        remedy = "run the same command to start again"
        if "resume" in options:
            remedy = "run the same command with --resume to continue"
        elif "continues" in options:
            remedy = "run the same command to continue"
        print(f"timbrel-build: interrupted; {remedy}", file=sys.stderr)
        return TERMINATED if isinstance(interruption, _Terminated) else INTERRUPTED
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        line = _line_on(error)
        if not line:
            raise
        print(f"timbrel-build: {line}", file=sys.stderr)
        return FAILED
    return OK


@contextlib.contextmanager
def _interrupted_by_sigterm() -> "Iterator[None]":
    def terminate(_number: int, _frame: object) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _line_on(error: OSError) -> str:
    """Return a line on an error that the user can mend; empty for other errors."""
    if error.errno == errno.ENOSPC:
        return "the disk is full; make room, or use a folder on another disk"
    # Of a renaming, the second name is the one that the user knows.
    name = error.filename if error.filename2 is None else error.filename2
    if error.errno in _PATH_ERRORS and name is not None:
        return f"{os.fsdecode(name)}: {error.strerror}; check this path and who may use it"
    return ""


if __name__ == "__main__":
    sys.exit(main())
