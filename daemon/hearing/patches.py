"""Cut patches: the log-mel frames that enter the network at once; find those that hold sound."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_NEPERS_PER_DB = np.log(10.0) / 20.0
# A network of classes has no class for silence and names one for it all the same, so its patches of
# silence, of the rest after a short sound, and of padding must not count.
_POOLED = 30.0 * _NEPERS_PER_DB
_HEARD = 40.0 * _NEPERS_PER_DB
# The least share of a patch that a sound must fill to be evidence that it lasts.
_LEAST_SHARE = 0.5


def patch(frames: NDArray[np.float32], first: int, length: int) -> NDArray[np.float32]:
    """Return a view (length, bands) of a window's `frames` (n, bands), from frame `first` on."""
    return frames[first : first + length]


def patches(frames: NDArray[np.float32], starts: Sequence[int], length: int) -> NDArray[np.float32]:
    """Return a copy (patches, length, bands) of the patches that begin at frames `starts`."""
    return np.stack([patch(frames, first, length) for first in starts])


def sounding_starts(
    frames: NDArray[np.float32], starts: Sequence[int], length: int
) -> tuple[int, ...]:
    """Return those of `starts` whose patches of `length` frames are about as loud as the loudest.

    `frames` are log-mel, (n, bands). There is always at least one.
    """
    levels = np.array([_levels(patch(frames, start, length)).max() for start in starts])
    loud = levels >= levels.max() - _POOLED
    return tuple(start for start, is_loud in zip(starts, loud, strict=True) if is_loud)


def is_filled(frames: NDArray[np.float32], first: int, length: int) -> bool:
    """Return whether sound fills half of a patch; the loudest of all `frames` is the measure."""
    audible = _levels(patch(frames, first, length)) >= _levels(frames).max() - _HEARD
    return bool(audible.mean() >= _LEAST_SHARE)


def _levels(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logarithm of the loudest band of each frame."""
    levels: NDArray[np.float32] = frames.max(axis=1)
    return levels
