"""Silence libraries that print directly to the process's standard output and error."""

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_output() -> Iterator[None]:
    """Discard everything written to standard output and standard error, also by C libraries."""
    saved = os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        yield
    finally:
        for number, copy in enumerate(saved, 1):
            os.dup2(copy, number)
            os.close(copy)
        os.close(nothing)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Discard what libraries print to standard error, but not what Python prints there."""
    saved = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    before = sys.stderr
    has_fault_handler = faulthandler.is_enabled()
    with os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace") as ours:
        try:
            os.dup2(nothing, 2)
            sys.stderr = ours
            if has_fault_handler:
                faulthandler.enable(ours)
            yield
        finally:
            os.dup2(saved, 2)
            sys.stderr = before
            if has_fault_handler:
                faulthandler.enable(2)
            os.close(saved)
            os.close(nothing)
