"""The `timbrel-build` command: runs one command and turns its result into an exit code."""

import errno
import io
import logging
import os
import sys
from typing import TYPE_CHECKING

from daemon.errors import FailedError, InputError
from daemon.system.standard_output import discard_output
from model_build.commands.parser import build_parser

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

OK, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


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
        call(options)
    except InputError as error:
        print(f"timbrel-build: {error}", file=sys.stderr)
        return WRONG_INPUT
    except FailedError as error:
        print(f"timbrel-build: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        remedy = "run the same command to start again"
        if "resume" in options:
            remedy = "run the same command with --resume to continue"
        elif "continues" in options:
            remedy = "run the same command to continue"
        print(f"timbrel-build: interrupted; {remedy}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(
            "timbrel-build: the disk is full; make room, or use a folder on another disk",
            file=sys.stderr,
        )
        return FAILED
    return OK


if __name__ == "__main__":
    sys.exit(main())
