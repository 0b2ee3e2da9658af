"""A device that delivers sound as fast as it is processed, and fails."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from benchmarks.soak.stretches import Stretch, sound, stretches
from daemon.errors import SoundLostError
from daemon.sound.ring import Ring
from daemon.sound.window import SAMPLE_RATE_HZ


class OnDemandRing(Ring):
    """A ring that delivers one second of a stretch at each fetch, and then its fault.

    `on_second` is called for each second delivered.
    """

    def __init__(
        self, stretch: Stretch, changed: threading.Condition, on_second: Callable[[], None]
    ) -> None:
        super().__init__(SAMPLE_RATE_HZ, 1, changed)
        self._stretch = stretch
        self._on_second = on_second
        self._second = 0
        self._frozen = False

    @property
    def has_news(self) -> bool:
        return not self._frozen

    def fetch(self) -> NDArray[np.float32] | None:
        if self._second < self._stretch.seconds:
            self.write(sound(self._second, 1)[:, None])
            self._second += 1
            self._on_second()
        elif self._stretch.fault == "zeros":
            self.write(np.zeros((SAMPLE_RATE_HZ, 1), np.float32))
        elif self._stretch.fault == "frozen":
            self._frozen = True
        elif self._stretch.fault == "end":
            os.kill(os.getpid(), signal.SIGTERM)
            self._frozen = True
        else:
            self.lose("the device is gone")
        return super().fetch()


class FaultyDevice:
    """A device that delivers one stretch after another; after `refused`, it fails to open twice."""

    def __init__(
        self, hours: float, changed: threading.Condition, on_second: Callable[[], None]
    ) -> None:
        self._stretches = stretches(hours)
        self._changed = changed
        self._on_second = on_second
        self._refusals = 0

    def open(self) -> "Future[Ring]":
        """Return the ring of the next stretch, or a SoundLostError."""
        future: Future[Ring] = Future()
        if self._refusals:
            self._refusals -= 1
            future.set_exception(SoundLostError("it is busy"))
            return future
        stretch = next(self._stretches)
        self._refusals = 2 * (stretch.fault == "refused")
        future.set_result(OnDemandRing(stretch, self._changed, self._on_second))
        return future

    def close(self, _ring: Ring) -> "Future[None]":
        """Return at once, because there is nothing to close."""
        future: Future[None] = Future()
        future.set_result(None)
        return future
