"""Cut patches: the log-mel frames that enter the network at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def patch(frames: NDArray[np.float32], first: int, length: int) -> NDArray[np.float32]:
    """Return a view (length, bands) of a window's `frames` (n, bands), from frame `first` on."""
    return frames[first : first + length]


def patches(frames: NDArray[np.float32], starts: Sequence[int], length: int) -> NDArray[np.float32]:
    """Return a copy (patches, length, bands) of the patches that begin at frames `starts`."""
    return np.stack([patch(frames, first, length) for first in starts])
