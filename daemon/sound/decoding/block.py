"""Blocks of decoded sound on their way from a decoder to the resampler."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Block(NamedTuple):
    """Decoded samples (n, channels), which may be beyond -1..1 or NaN, and their rate."""

    samples: NDArray[np.float32]
    rate_hz: int


def after(blocks: Iterator[Block], seconds: float) -> Iterator[Block]:
    """The blocks without the sound of the first so many seconds."""
    for samples, rate_hz in blocks:
        skipped = max(0, round(seconds * rate_hz))
        seconds -= len(samples) / rate_hz
        if skipped < len(samples):
            yield Block(samples[skipped:], rate_hz)
