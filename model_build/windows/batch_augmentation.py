"""Augments a batch of windows: adds other windows, and masks mel bands.

The masks follow Park et al., "SpecAugment" (2019), here over the whole window.
"""

import numpy as np
from numpy.typing import NDArray

from model_build.recipe import Training
from model_build.run_folder import WindowArrays

BALANCE_DB = (-6.0, 3.0)  # level of the added window against the one that it is added to

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def random_patches(
    windows: WindowArrays, count: int, training: Training, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return indices of random patches for `count` windows: (count, patches_at_once)."""
    every = np.tile(np.arange(windows.patches.shape[1]), (count, 1))
    return rng.permuted(every, axis=1)[:, : training.patches_at_once]


def augmented_batch(
    windows: WindowArrays,
    chosen: NDArray[np.int64],
    training: Training,
    rng: np.random.Generator,
    log_offset: float,
) -> Batch:
    """Return patches and labels of the chosen windows, some with another window on top.

    A sum of two windows has the labels of both. In each window, up to `masked_bands` neighbouring
    bands are set to silence.
    """
    order = np.sort(chosen)  # reads the disk forwards
    some = random_patches(windows, len(order), training, rng)
    patches = windows.patches[order[:, None], some].astype(np.float32)
    labels = windows.labels[order].astype(np.float32)
    summed = np.flatnonzero(rng.random(len(order)) < training.sum_probability)
    others = rng.integers(len(order), size=len(summed))
    patches[summed] = _sum(patches[summed], patches[others], rng, log_offset)
    labels[summed] = np.maximum(labels[summed], labels[others])
    for window in patches:
        width = int(rng.integers(training.masked_bands + 1))
        first = int(rng.integers(window.shape[-1] - width + 1))
        window[..., first : first + width] = np.log(log_offset)
    return patches, labels


def _sum(
    ones: NDArray[np.float32],
    others: NDArray[np.float32],
    rng: np.random.Generator,
    log_offset: float,
) -> NDArray[np.float32]:
    """Return the log-mel of each window plus another one at a similar level.

    Powers are added, because the sounds are unrelated.
    """
    one, other = np.exp(ones) - np.float32(log_offset), np.exp(others) - np.float32(log_offset)
    axes = (1, 2, 3)
    balance_db = rng.uniform(*BALANCE_DB, (len(one), 1, 1, 1))
    ratio = one.mean(axes, keepdims=True) / (other.mean(axes, keepdims=True) + log_offset)
    other *= ratio * 10.0 ** (balance_db / 20.0)
    together = np.sqrt(np.square(one) + np.square(other)) + np.float32(log_offset)
    return np.asarray(np.log(together), np.float32)
