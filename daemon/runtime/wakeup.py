"""Wakes the loop: for new sound, for a request from another thread, or for a signal."""

import threading
from collections.abc import Callable


class Wakeup:
    """`changed` is notified by what has news; `wake` asks for a turn of the loop in any case."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._is_asked = False

    def wake(self) -> None:
        """Have the loop take a turn now; from any thread, and safe in a signal handler."""
        with self.changed:
            self._is_asked = True
            self.changed.notify_all()

    def begin_turn(self) -> None:
        """Forget earlier requests: the loop is about to look at everything."""
        self._is_asked = False

    def wait(self, has_news: Callable[[], bool], seconds: float) -> None:
        """Wait for news or a request, at most this long."""
        with self.changed:
            if not self._is_asked and not has_news():
                self.changed.wait(max(0.0, seconds))
