"""Silence libraries that print directly to the process's standard output and error."""

import faulthandler
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Silence:
    """Redirects both outputs of the process while any thread wants it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = 0
        self._saved: list[int] = []

    def begin(self) -> None:
        with self._lock:
            if not self._wanted:
                self._saved = [os.dup(1), os.dup(2)]
                nothing = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nothing, 1)
                os.dup2(nothing, 2)
                os.close(nothing)
            self._wanted += 1

    def end(self) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                for number, copy in enumerate(self._saved, 1):
                    os.dup2(copy, number)
                    os.close(copy)


_silence = _Silence()


@contextmanager
def quiet_output() -> Iterator[None]:
    """Discard everything written to standard output and standard error, also by C libraries.

    Several threads may do this at the same time; the outputs come back when the last one is done.
    """
    _silence.begin()
    try:
        yield
    finally:
        _silence.end()


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
