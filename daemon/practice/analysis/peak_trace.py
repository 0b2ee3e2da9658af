"""The newest steady partials of a stream, and the A4 that they amount to."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.spectral_peaks import SteadyPeaks, SteadyPeakStream
from daemon.practice.spectrum import HOP_SECONDS
from daemon.practice.tuning import a4_hz


class PeakTrace:
    """Follows the steady partials; remembers the last `keep_seconds`, or everything if None."""

    def __init__(self, keep_seconds: float | None = None) -> None:
        self._stream = SteadyPeakStream()
        self._keep = None if keep_seconds is None else round(keep_seconds / HOP_SECONDS)
        self._peaks = SteadyPeaks(np.empty(0, complex), np.empty(0), np.empty(0))

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        self._append(self._stream.push(samples))

    def finish(self) -> None:
        """End the sound."""
        self._append(self._stream.finish())

    def a4_hz(self) -> float | None:
        """Return the A4 that the remembered sound amounts to, in hertz; None if unknown."""
        return a4_hz(self._peaks)

    def _append(self, new: SteadyPeaks) -> None:
        parts = [np.concatenate(both) for both in zip(self._peaks, new, strict=True)]
        gone = 0 if self._keep is None else max(0, len(parts[0]) - self._keep)
        self._peaks = SteadyPeaks(*(part[gone:] for part in parts))
