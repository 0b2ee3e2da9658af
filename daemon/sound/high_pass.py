"""A first-order high-pass at 20 Hz, which removes the DC offset of cheap microphones."""

import math

import numpy as np
from numpy.typing import NDArray

_RATE_HZ = 16_000
_CUTOFF_HZ = 20.0
_POLE = math.exp(-2.0 * math.pi * _CUTOFF_HZ / _RATE_HZ)
# The mean of the first samples stands in for the sample before them; this avoids a click.
_START_SAMPLES = 1_600
# Number of samples that share one scale, which grows to 1e27; single precision goes to 3e38.
_SCALED_SAMPLES = 8_000
_DECAY = np.power(_POLE, np.arange(1, _SCALED_SAMPLES + 1))
_GROWTH = ((1.0 + _POLE) / 2.0 / _DECAY).astype(np.float32)
_DECAY = _DECAY.astype(np.float32)


class HighPass:
    """Filters 16 kHz sound in place and keeps its state between calls.

    y[n] = p y[n - 1] + (1 + p) / 2 (x[n] - x[n - 1]). Divided by p ** n this is a running sum,
    which NumPy adds up in order. The result is therefore bit-identical however the sound is split
    into calls, if the first call has at least 0.1 s.
    """

    def __init__(self) -> None:
        self._last: float | None = None
        self._sum = 0.0
        self._scaled = 0
        self._scratch = np.empty(_SCALED_SAMPLES, np.float32)

    def apply(self, samples: NDArray[np.float32]) -> None:
        """Filter `samples` (n,) in place; NaN or infinity corrupts at most the 0.5 s after it."""
        start = 0
        with np.errstate(invalid="ignore", over="ignore"):
            while start < len(samples):
                end = start + _SCALED_SAMPLES - self._scaled
                self._apply(samples[start:end])
                start = end

    def _apply(self, block: NDArray[np.float32]) -> None:
        """Filter samples that share one scale."""
        before = float(block[:_START_SAMPLES].mean()) if self._last is None else self._last
        self._last = block.item(-1)
        first, end = self._scaled, self._scaled + len(block)
        sums = self._scratch[: len(block)]
        sums[0] = block.item(0) - before
        np.subtract(block[1:], block[:-1], out=sums[1:])
        np.multiply(sums, _GROWTH[first:end], out=sums)
        sums[0] += self._sum
        np.add.accumulate(sums, out=sums)
        np.multiply(sums, _DECAY[first:end], out=block)
        self._scaled, self._sum = end, sums.item(-1)
        if end == _SCALED_SAMPLES:
            self._scaled, self._sum = 0, block.item(-1)
        if not math.isfinite(self._sum):
            self._last, self._sum = None, 0.0
