"""A device whose sound comes from a function instead of a microphone."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from daemon.sound.ring import Ring
from daemon.sound.window import SAMPLE_RATE_HZ

Result = TypeVar("Result")


class FedDevice:
    """A `Device` for measurements and tests: a function writes its sound.

    Each `open` starts a thread that calls `feed` with a new ring. `changed` is notified of sound
    in that ring.
    """

    def __init__(self, feed: Callable[[Ring], None], changed: threading.Condition) -> None:
        self._feed = feed
        self._changed = changed

    def open(self) -> "Future[Ring]":
        """Return a new ring; the future is already completed."""
        ring = Ring(SAMPLE_RATE_HZ, 1, self._changed)
        threading.Thread(target=self._feed, args=(ring,), daemon=True).start()
        return _completed(ring)

    def close(self, _ring: Ring) -> "Future[None]":
        """Do nothing: `feed` continues, but nothing reads its ring any more."""
        return _completed(None)


def _completed(result: Result) -> "Future[Result]":
    future: Future[Result] = Future()
    future.set_result(result)
    return future
