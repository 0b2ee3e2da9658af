"""Filter recordings as the windows of a microphone are filtered, so that both sound the same."""

import numpy as np
from numpy.typing import NDArray

from daemon.sound.high_pass import HighPass
from daemon.sound.window import SAMPLE_RATE_HZ

# The filter starts with the mean of the first 0.1 s.
_LEAST_SAMPLES = SAMPLE_RATE_HZ // 10


class DcFilter:
    """Removes the DC offset of a recording; the result does not depend on the pieces."""

    def __init__(self) -> None:
        self._high_pass = HighPass()
        self._waiting: NDArray[np.float32] | None = np.empty(0, np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the next filtered samples; the first ones come once there are 0.1 s of them."""
        if self._waiting is not None:
            samples = np.concatenate([self._waiting, samples])
            if len(samples) < _LEAST_SAMPLES:
                self._waiting = samples
                return samples[:0]
            self._waiting = None
        return self._filtered(samples)

    def finish(self) -> NDArray[np.float32]:
        """Return what is left of a recording shorter than 0.1 s."""
        waiting, self._waiting = self._waiting, None
        return np.empty(0, np.float32) if waiting is None else self._filtered(waiting)

    def _filtered(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        filtered = samples.copy()
        self._high_pass.apply(filtered)
        return filtered
