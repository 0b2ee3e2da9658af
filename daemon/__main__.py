"""The `timbrel` command: arguments to settings, a command's result to an exit code."""
# ruff: noqa: E402 (what is set first holds while the rest is imported)

import os
import signal
import sys

# As a program, and until `main` runs: Ctrl-C ends it at once, without a traceback.
_IS_PROGRAM = (__name__ == "__main__" or sys.argv[0].endswith("timbrel")) and (
    signal.getsignal(signal.SIGINT) is signal.default_int_handler
)
if _IS_PROGRAM:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:2] == ["run"]:
        # A reload that is requested while the daemon starts is done once it has started.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])

# One thread for linear algebra: ours are too small to share, and idle threads cost memory.
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
    """Run one command and return its exit code."""
    try:
        if _IS_PROGRAM:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = _run_command(arguments)
    except SystemExit as done:  # argparse has printed its help, or what is wrong
        code = int(done.code or 0)
    except KeyboardInterrupt:
        code = 0
    finally:
        if _IS_PROGRAM:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _flush_output() or code


def _run_command(arguments: Sequence[str] | None) -> int:
    options = timbrel_parser().parse_args(arguments)
    # Passwords of the broker and of cameras are in memory, and must not be in a core dump.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    open_standard_descriptors()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Bars and arrows are worth a ? on a terminal that does not know them, not a crash.
        sys.stdout.reconfigure(errors="replace")
        if _IS_PROGRAM:
            sys.stdout = duplicated_output(sys.stdout)
    log_stream = duplicated_output(sys.stderr)
    logging.basicConfig(level=logging.INFO, handlers=[log_lines.LogHandler(log_stream)])
    log_lines.set_format(getattr(options, "log_format", None) or "text")
    try:
        return int(options.command(options))
    except InputError as error:
        _complain(*error.lines)
        return 2
    except FailedError as error:
        _complain(str(error))
        return 1
    except BrokenPipeError:
        discard_output()
        return 0
    except OSError as error:
        discard_output()
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{error.strerror or error}")
        return 1


def _flush_output() -> int:
    """Write what is still buffered; 0, or 1 where it cannot be written.

    Python's own flush at the end would print a traceback and exit with 120.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        discard_output()
        _complain(str(error.strerror or error))
        return 1
    return 0


def _complain(*problems: str) -> None:
    """Log why the program ends, each reason as a line of its own."""
    if not logging.getLogger().handlers:
        logging.basicConfig(handlers=[log_lines.LogHandler(duplicated_output(sys.stderr))])
    for problem in problems:
        logging.getLogger("daemon").error("%s", problem)


if __name__ == "__main__":
    sys.exit(main())
