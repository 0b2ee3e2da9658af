"""The terminal's modes while a program redraws its screen, and how they are given back."""

import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from daemon.system.stop import Stop

_LEAVE = b"\x1b[0m\x1b[?25h\x1b[?1049l"  # no colour, a cursor, the ordinary screen
# Where termios keeps them in its list.
_INPUT_MODES = 0
_LOCAL_MODES = 3
_CONTROL_CHARACTERS = 6


@contextmanager
def restored_in_any_case(stop: Stop) -> Iterator[None]:
    """Restore the terminal even when a second signal kills the program."""
    output = sys.stdout.fileno()
    modes = termios.tcgetattr(output)

    def die(number: int, _frame: FrameType | None) -> None:
        with suppress(OSError, termios.error):
            termios.tcsetattr(output, termios.TCSANOW, modes)
            os.write(output, _LEAVE)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def prepare() -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, die)

    with stop.callback(prepare):
        yield


@contextmanager
def keys(press: Callable[[str], None]) -> Iterator[None]:
    """Call `press` for every key, on a thread; keys are not echoed meanwhile."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    modes = termios.tcgetattr(terminal)
    modes[_LOCAL_MODES] &= ~(termios.ICANON | termios.ECHO)
    modes[_INPUT_MODES] &= ~termios.IXON
    # A stopped program would leave its screen to the shell; the sound would play on.
    for character in (termios.VSUSP, termios.VQUIT):
        modes[_CONTROL_CHARACTERS][character] = b"\0"
    reading, ending = os.pipe()

    def read() -> None:
        while True:
            readable, _, _ = select.select([terminal, reading], [], [])
            key = b"" if reading in readable else _read_key(terminal)
            if not key:
                return
            press(key.decode("latin-1"))

    thread = threading.Thread(target=read, name="keys", daemon=True)
    thread.start()
    try:
        termios.tcsetattr(terminal, termios.TCSANOW, modes)
        yield
    finally:
        os.close(ending)
        thread.join()
        os.close(reading)
        termios.tcsetattr(terminal, termios.TCSANOW, before)


def _read_key(terminal: int) -> bytes:
    """One byte, or none from a terminal that is gone."""
    try:
        return os.read(terminal, 1)
    except OSError:
        return b""
