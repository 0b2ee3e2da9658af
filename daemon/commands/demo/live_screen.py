"""The demo's screen on a terminal, redrawn in place."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from daemon.commands.demo.record import LogLine, Record
from daemon.commands.demo.terminal_modes import read_keys, restored_after_kill
from daemon.system.printable import printable
from daemon.system.stop import Stop

_REDRAWS_PER_SECOND = 4
_MOST_PROBLEMS = 20


class Draw(Protocol):
    """Returns the lines of the screen; `keys` is True if the user can press keys."""

    def __call__(self, width: int, height: int, *, messages: bool, keys: bool) -> list[Text]:  # noqa: D102
        ...


class LiveScreen:
    """A context manager that redraws the screen; log lines go to the record meanwhile.

    The key m shows or hides the messages, and q requests to stop. The terminal is restored at the
    end, even after an error or a second signal.
    """

    def __init__(self, draw: Draw, record: Record, stop: Stop, *, messages: bool) -> None:
        self._draw = draw
        self._record = record
        self._stop = stop
        self._messages = messages
        self._keys = sys.stdin is not None and sys.stdin.isatty()
        self._exit = ExitStack()
        # Rich ignores NO_COLOR if it is empty; the other commands do not.
        self._console = Console(
            file=sys.stdout, force_terminal=True, no_color="NO_COLOR" in os.environ, highlight=False
        )
        self._live = Live(
            console=self._console,
            screen=True,
            refresh_per_second=_REDRAWS_PER_SECOND,
            get_renderable=self._frame,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(_log_to(self._record))
            stack.enter_context(restored_after_kill(self._stop))
            stack.enter_context(self._live)
            if self._keys:
                stack.enter_context(read_keys(self._press))
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.__exit__(kind, error, trace)

    def _frame(self) -> Text:
        width, height = self._console.size
        lines = self._draw(width, height, messages=self._messages, keys=self._keys)
        return Text("\n", no_wrap=True, overflow="crop", end="").join(lines)

    def _press(self, key: str) -> None:
        if key in "mM":
            self._messages = not self._messages
            self._live.refresh()
        elif key in "qQ" and not self._stop.is_set():
            # Use the signal of Ctrl-C, so that both end the demo in the same way.
            os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def _log_to(record: Record) -> Iterator[None]:
    """Show log lines on the screen.

    If the log goes to the terminal, warnings and errors are written to it after the screen is
    closed. If it goes elsewhere, it is written as usual.
    """
    root, ours = logging.getLogger(), logging.getLogger("daemon")
    handlers, level = root.handlers, ours.level
    screen = _ScreenHandler(record)
    is_hidden = sys.stderr is not None and sys.stderr.isatty()
    root.handlers = [screen] if is_hidden else [*handlers, screen]
    ours.setLevel(logging.INFO if is_hidden else level)
    try:
        yield
    finally:
        root.handlers = handlers
        ours.setLevel(level)
        for problem in screen.problems if is_hidden else ():
            root.handle(problem)


class _ScreenHandler(logging.Handler):
    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record
        self.problems: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        # The screen has its own pane for events.
        if hasattr(record, "family"):
            return
        is_problem = record.levelno >= logging.WARNING
        if is_problem and len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(record)
        self._record.log_line = LogLine(printable(record.getMessage()), is_problem)
