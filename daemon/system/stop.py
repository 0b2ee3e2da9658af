"""Turn SIGTERM and Ctrl-C into a request for an orderly shutdown."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """A request to stop, which threads and signal handlers can make or wait for.

    Unlike threading.Event, it can be set by a signal handler that interrupts its own `wait`.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._calls: list[Callable[[], None]] = []
        self._is_set = False

    def is_set(self) -> bool:
        """Return whether stopping was requested."""
        return self._is_set

    def set(self) -> None:
        """Request to stop: wake all waiting threads and call the registered callbacks."""
        with self._changed:
            self._is_set = True
            self._changed.notify_all()
            for call in self._calls:
                call()

    def wait(self, seconds: float) -> bool:
        """Wait for the request, at most `seconds`; return whether it was made."""
        with self._changed:
            return self._changed.wait_for(self.is_set, seconds)

    @contextmanager
    def callback(self, call: Callable[[], None]) -> Iterator[None]:
        """Within this context, a request also calls `call`; at once if it was already made."""
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
    """Provide a Stop that SIGTERM or SIGINT sets; a second signal terminates the program at once.

    Both signals are unblocked, because the parent process may have blocked them.
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
