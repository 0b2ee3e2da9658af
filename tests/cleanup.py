"""Context managers that clean up when a test fails."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

Text = TypeVar("Text", str, bytes)


@contextmanager
def undone_by(undo: Callable[[], object]) -> Iterator[None]:
    """Call `undo` if the block fails."""
    with ExitStack() as stack:
        stack.callback(undo)
        yield
        stack.pop_all()


@contextmanager
def killed_at_last(process: subprocess.Popen[Text]) -> Iterator[subprocess.Popen[Text]]:
    """Kill the process and close its pipes at the end of the block."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
