"""SIGTERM and Ctrl-C as a request to finish: windows end, events close, the hub hears goodbye."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """A request to stop that any thread, or a signal handler, can make and wait for.

    Unlike threading.Event it may be set by a handler that interrupts its own `wait`.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._calls: list[Callable[[], None]] = []
        self._is_set = False

    def is_set(self) -> bool:
        """Whether stopping was requested."""
        return self._is_set

    def set(self) -> None:
        """Request to stop: wake who waits and make the calls that `callback` keeps."""
        with self._changed:
            self._is_set = True
            self._changed.notify_all()
            for call in self._calls:
                call()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the request; tell whether it was made."""
        with self._changed:
            return self._changed.wait_for(self.is_set, seconds)

    @contextmanager
    def callback(self, call: Callable[[], None]) -> Iterator[None]:
        """Inside this context a request also makes `call`; at once if it was already made."""
        with self._changed:
            self._calls.append(call)
            if self._is_set:
                call()
        try:
            yield
        finally:
            with self._changed:
                self._calls.remove(call)


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A Stop that SIGTERM and SIGINT set; a second signal ends the program the hard way.

    Both are unblocked: the program that started this one may have left them blocked.
    """
    stop = Stop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def request(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in before:
        signal.signal(number, request)
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, before)
    try:
        yield stop
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
