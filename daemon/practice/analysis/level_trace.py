"""The levels of a stream in steps of 50 ms."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.dynamics import STEP_SECONDS, LevelMeter
from daemon.sound.window import SAMPLE_RATE_HZ


class LevelTrace:
    """Measures levels; remembers the last `keep_seconds`, or everything if None."""

    def __init__(self, keep_seconds: float | None = None) -> None:
        self._meter = LevelMeter(SAMPLE_RATE_HZ)
        self._keep = None if keep_seconds is None else round(keep_seconds / STEP_SECONDS)
        self._levels = np.empty(0)

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        levels = np.concatenate([self._levels, self._meter.levels(samples)])
        self._levels = levels if self._keep is None else levels[-self._keep :]

    def levels_db(self, seconds: float | None = None) -> NDArray[np.float64]:
        """Return the remembered levels (m,) in dBFS; with `seconds` only the newest."""
        return self._levels if seconds is None else self._levels[-round(seconds / STEP_SECONDS) :]
