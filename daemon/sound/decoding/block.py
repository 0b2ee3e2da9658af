"""Blocks of decoded sound, passed from a decoder to the resampler."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Block(NamedTuple):
    """A piece of decoded sound."""

    samples: NDArray[np.float32]
    """(n, channels), usually in -1..1, but may be beyond or NaN."""
    rate_hz: int
    """Sample rate; it may change from block to block."""


def skip_seconds(blocks: Iterator[Block], seconds: float) -> Iterator[Block]:
    """Yield `blocks` without the first `seconds` of their sound."""
    for samples, rate_hz in blocks:
        skipped = max(0, round(seconds * rate_hz))
        seconds -= len(samples) / rate_hz
        if skipped < len(samples):
            yield Block(samples[skipped:], rate_hz)
