"""Wakes the loop: a device has sound, somebody wants something, or a signal came."""

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
        """The loop looks at everything now: what was asked before is seen to."""
        self._is_asked = False

    def wait(self, has_news: Callable[[], bool], seconds: float) -> None:
        """Wait until there is news or somebody asks, at most so long."""
        with self.changed:
            if not self._is_asked and not has_news():
                self.changed.wait(max(0.0, seconds))
