"""Sound of a sample rate that may change, brought to one rate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Resampler:
    """Resamples mono sound piece by piece, with a filter of its own for each sample rate."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        """What it is brought to."""
        self._from_hz = rate_hz
        self._stream: Any = None

    def resampled(self, mono: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
        """The next samples, (n,); the filter holds back the newest few until more come."""
        if rate_hz == self._from_hz:
            return self._passed(mono)
        left = self.finish()
        self._from_hz = rate_hz
        self._stream = None if rate_hz == self._rate_hz else _stream(rate_hz, self._rate_hz)
        return np.concatenate([left, self._passed(mono)])

    def finish(self) -> NDArray[np.float32]:
        """What the filter has held back, (n,)."""
        if self._stream is None:
            return np.empty(0, np.float32)
        last: NDArray[np.float32] = self._stream.resample_chunk(np.empty(0, np.float32), last=True)
        return last

    def _passed(self, mono: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._stream is None:
            return mono
        passed: NDArray[np.float32] = self._stream.resample_chunk(np.ascontiguousarray(mono))
        return passed


def _stream(from_hz: int, to_hz: int) -> Any:
    import soxr

    return soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
