"""The entry point of `timbrel`: runs one command and turns its result into an exit code."""
# ruff: noqa: E402 (signals and variables must be set before the other imports)

import os
import signal
import sys

_IS_PROGRAM = __name__ == "__main__" or sys.argv[0].endswith("timbrel")
if _IS_PROGRAM and sys.argv[1:2] == ["run"]:
    # Keeps a SIGHUP that arrives during start-up pending until the daemon can reload.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
# A shell ignores Ctrl-C in the programs that its scripts start in the background. Otherwise, until
# `main` runs, Ctrl-C ends the program immediately and without a traceback.
_HEEDS_CTRL_C = _IS_PROGRAM and signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _HEEDS_CTRL_C:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# The matrices are too small to gain from several threads, and idle threads cost memory.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import io
import logging
import resource
from collections.abc import Sequence

from daemon.commands.arguments import timbrel_parser
from daemon.errors import FailedError, InputError
from daemon.system import log_lines
from daemon.system.standard_output import (
    discard_output,
    duplicated_output,
    open_standard_descriptors,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    `arguments` are the words after the program name; None uses those of the command line.
    """
    try:
        if _HEEDS_CTRL_C:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = _run_command(arguments)
    except SystemExit as done:  # argparse has printed its help or a usage error.
        code = int(done.code or 0)
    except KeyboardInterrupt:
        code = 0
    finally:
        if _HEEDS_CTRL_C:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _flush_output() or code


def _run_command(arguments: Sequence[str] | None) -> int:
    options = timbrel_parser().parse_args(arguments)
    # A core dump would contain the passwords of the broker and of cameras.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    open_standard_descriptors()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Print "?" for a bar or an arrow that the terminal cannot encode, instead of failing.
        sys.stdout.reconfigure(errors="replace")
        if _IS_PROGRAM:
            sys.stdout = duplicated_output(sys.stdout)
    log_stream = duplicated_output(sys.stderr)
    logging.basicConfig(level=logging.INFO, handlers=[log_lines.LogHandler(log_stream)])
    log_lines.set_format(getattr(options, "log_format", None) or "text")
    try:
        return int(options.command(options))
    except InputError as error:
        _log_errors(*error.lines)
        return 2
    except FailedError as error:
        _log_errors(str(error))
        return 1
    except BrokenPipeError:
        discard_output()
        return 0
    except OSError as error:
        discard_output()
        where = f"{error.filename}: " if error.filename else ""
        _log_errors(f"{where}{error.strerror or error}")
        return 1


def _flush_output() -> int:
    """Write the buffered output. Return 0, or 1 if it cannot be written.

    If this were left to Python's flush at exit, a failure would print a traceback and exit
    with 120.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        discard_output()
        _log_errors(str(error.strerror or error))
        return 1
    return 0


def _log_errors(*errors: str) -> None:
    """Log each of the errors that end the program on its own line."""
    if not logging.getLogger().handlers:
        logging.basicConfig(handlers=[log_lines.LogHandler(duplicated_output(sys.stderr))])
    for error in errors:
        logging.getLogger("daemon").error("%s", error)


if __name__ == "__main__":
    sys.exit(main())
