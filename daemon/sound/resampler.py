"""Resample sound, whose sample rate may change, to a fixed rate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Resampler:
    """Resamples mono sound in pieces to `rate_hz`; a new input rate starts a new filter."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._from_hz = rate_hz
        self._stream: Any = None

    def resample(self, mono: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
        """Resample `mono` (n,) from `rate_hz`; the filter delays the newest few samples.

        After a change of the input rate, the result begins with the delayed samples.
        """
        if rate_hz == self._from_hz:
            return self._convert(mono)
        left = self.finish()
        self._from_hz = rate_hz
        self._stream = None if rate_hz == self._rate_hz else _stream(rate_hz, self._rate_hz)
        return np.concatenate([left, self._convert(mono)])

    def finish(self) -> NDArray[np.float32]:
        """Return the samples (n,) that the filter still holds back; call it once, at the end."""
        if self._stream is None:
            return np.empty(0, np.float32)
        last: NDArray[np.float32] = self._stream.resample_chunk(np.empty(0, np.float32), last=True)
        return last

    def _convert(self, mono: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._stream is None:
            return mono
        passed: NDArray[np.float32] = self._stream.resample_chunk(np.ascontiguousarray(mono))
        return passed


def _stream(from_hz: int, to_hz: int) -> Any:
    import soxr

    return soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
