"""Patches: the log-mel frames of a window that enter the network at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def patch(frames: NDArray[np.float32], first: int, length: int) -> NDArray[np.float32]:
    """The `length` frames from `first` on, (length, bands), of a window's frames (n, bands)."""
    return frames[first : first + length]


def patches(frames: NDArray[np.float32], starts: Sequence[int], length: int) -> NDArray[np.float32]:
    """A copy of the patches that begin at `starts`, (patches, length, bands)."""
    return np.stack([patch(frames, first, length) for first in starts])
