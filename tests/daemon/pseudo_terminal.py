"""Run a program on a pseudo-terminal and read its output."""

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.conftest import ROOT

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"
_ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


class PseudoTerminal:
    """A program on its own terminal; `output` holds everything that it has written."""

    def __init__(self, command: list[str], columns: int, lines: int, **options: Any) -> None:
        self._ours, theirs = os.openpty()
        self.resize(columns, lines)
        self.modes_before = termios.tcgetattr(theirs)
        self.output = b""
        options = {"stdin": theirs, "stderr": theirs, **options}
        self.process = subprocess.Popen(
            command,
            stdout=theirs,
            cwd=ROOT,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),  # noqa: PLW1509
            **options,
        )
        # Our copy stays open, so that the modes can be read after the program has ended.
        self._theirs = theirs
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self.output += os.read(self._ours, 65_536)
            except OSError:
                return

    @property
    def frame(self) -> str:
        """The newest complete frame: the text after the last but one cursor-home sequence."""
        frames = self.output.split(b"\x1b[H")
        return _ESCAPE.sub(b"", frames[-2] if len(frames) > 1 else b"").decode()

    @property
    def text(self) -> str:
        """The output so far, without escape sequences."""
        return _ESCAPE.sub(b"", self.output).decode().replace("\r\n", "\n")

    @property
    def modes(self) -> list[Any]:
        """The current modes of the terminal, from termios."""
        return termios.tcgetattr(self._theirs)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.text[-3000:]
            time.sleep(0.02)

    def wait_for_frame(self, text: str) -> None:
        self.wait_for(lambda: text in self.frame)

    def end(self, seconds: float = 30) -> int:
        """Wait until the program ends; return its exit code."""
        code = self.process.wait(seconds)
        time.sleep(0.2)  # wait for the rest of the output
        return code

    def assert_restored(self) -> None:
        """Check that modes, normal screen and cursor are restored."""
        assert self.modes == self.modes_before
        assert self.output.rfind(LEAVE) > self.output.rfind(ENTER) >= 0
        assert self.output.rfind(SHOW_CURSOR) > self.output.rfind(HIDE_CURSOR) >= 0

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._theirs)
        os.close(self._ours)


@contextmanager
def on_terminal(
    *arguments: str, columns: int = 80, lines: int = 24, **options: Any
) -> Iterator[PseudoTerminal]:
    """Run Python with these arguments on a terminal; kill it at the end of the block."""
    environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONUNBUFFERED"):
        environment.pop(name, None)
    environment |= options.pop("env", {})
    terminal = PseudoTerminal(
        [sys.executable, *arguments], columns, lines, env=environment, **options
    )
    try:
        yield terminal
    finally:
        terminal.close()
