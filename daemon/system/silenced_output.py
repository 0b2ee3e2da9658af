"""Silence for libraries that print past Python, on the process's own outputs."""

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_output() -> Iterator[None]:
    """Throw away what is written to standard output and standard error, by whatever it is."""
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
    """Throw away what libraries print on standard error; what Python says there is still seen."""
    saved = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    before = sys.stderr
    told_of_faults = faulthandler.is_enabled()
    with os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace") as ours:
        try:
            os.dup2(nothing, 2)
            sys.stderr = ours
            if told_of_faults:
                faulthandler.enable(ours)
            yield
        finally:
            os.dup2(saved, 2)
            sys.stderr = before
            if told_of_faults:
                faulthandler.enable(2)
            os.close(saved)
            os.close(nothing)
