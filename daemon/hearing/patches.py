"""Cut patches: the log-mel frames that enter the network at once; find those that hold sound."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# A network of classes has no class for silence and names one for it all the same, so its patches of
# silence, of the rest after a short sound, and of padding must not count. How far below the loudest
# frame one is audible, in logarithms of magnitude: 40 dB.
_AUDIBLE = np.log(100.0)
# The least audible share of a patch, relative to that of the most audible one of a window.
_POOLED_SHARE = 0.75
# The least audible share of a patch that can be evidence that a sound lasts.
_EVIDENT_SHARE = 0.5


def patch(frames: NDArray[np.float32], first: int, length: int) -> NDArray[np.float32]:
    """Return a view (length, bands) of a window's `frames` (n, bands), from frame `first` on."""
    return frames[first : first + length]


def patches(frames: NDArray[np.float32], starts: Sequence[int], length: int) -> NDArray[np.float32]:
    """Return a copy (patches, length, bands) of the patches that begin at frames `starts`."""
    return np.stack([patch(frames, first, length) for first in starts])


def sounding_starts(
    frames: NDArray[np.float32], starts: Sequence[int], length: int
) -> tuple[int, ...]:
    """Return those of `starts` whose patches of `length` frames sound about as long as any.

    `frames` are log-mel, (n, bands). There is always at least one.
    """
    audible = _audible(frames)
    shares = np.array([audible[start : start + length].mean() for start in starts])
    kept = shares >= _POOLED_SHARE * shares.max()
    return tuple(start for start, is_kept in zip(starts, kept, strict=True) if is_kept)


def is_filled(frames: NDArray[np.float32], first: int, length: int) -> bool:
    """Return whether sound fills half of a patch; the loudest of all `frames` is the measure."""
    return bool(_audible(frames)[first : first + length].mean() >= _EVIDENT_SHARE)


def _audible(frames: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return True for each frame whose loudest band is near that of the loudest frame."""
    levels = frames.max(axis=1)
    audible: NDArray[np.bool_] = levels >= levels.max() - _AUDIBLE
    return audible
