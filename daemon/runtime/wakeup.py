"""Wakes the loop for new sound, a request from another thread, or a signal."""

import threading
from collections.abc import Callable


class Wakeup:
    """Sources notify `changed` when they have news; `wake` requests a turn in any case."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._is_asked = False

    def wake(self) -> None:
        """Make the loop take a turn now; may be called from any thread or a signal handler."""
        with self.changed:
            self._is_asked = True
            self.changed.notify_all()

    def begin_turn(self) -> None:
        """Drop earlier requests; the turn that begins now serves them all."""
        self._is_asked = False

    def wait(self, has_news: Callable[[], bool], seconds: float) -> None:
        """Wait until `has_news` returns True or a turn is requested, at most `seconds`."""
        with self.changed:
            if not self._is_asked and not has_news():
                self.changed.wait(max(0.0, seconds))
