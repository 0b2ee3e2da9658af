"""Changes the terminal's modes while the screen is redrawn, and restores them."""

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

# Reset the colours, show the cursor, leave the alternate screen.
_LEAVE = b"\x1b[0m\x1b[?25h\x1b[?1049l"
# Indexes into the list that termios.tcgetattr returns.
_INPUT_MODES = 0
_LOCAL_MODES = 3
_CONTROL_CHARACTERS = 6


@contextmanager
def restored_after_kill(stop: Stop) -> Iterator[None]:
    """Inside this context, a second signal restores the terminal before it kills the program."""
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
def read_keys(press: Callable[[str], None]) -> Iterator[None]:
    """Inside this context, call `press` for every key on a thread; keys are not echoed."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    modes = termios.tcgetattr(terminal)
    modes[_LOCAL_MODES] &= ~(termios.ICANON | termios.ECHO)
    modes[_INPUT_MODES] &= ~termios.IXON
    # Ignore Ctrl-Z and Ctrl-\: they would leave the screen to the shell while the sound goes on.
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
    """Return one byte, or none if the terminal is closed."""
    try:
        return os.read(terminal, 1)
    except OSError:
        return b""
