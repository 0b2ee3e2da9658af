"""Batches of one side's windows as a `tf.data.Dataset`, for a network trained from scratch."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_build.recipe import Training
from model_build.run_folder import WindowArrays
from model_build.windows.batch_augmentation import Batch, augmented_batch

if TYPE_CHECKING:
    import tensorflow as tf

INFINITE = -1  # the cardinality of an endless dataset, as defined by tf.data


def in_order(windows: WindowArrays, training: Training) -> "tf.data.Dataset":
    """Return all windows once, in order: patches (batch, patches, frames, bands) and labels.

    Each window is divided into groups of `patches_at_once` patches, as in training; each group is
    an item of the batch with the labels of its window.
    """
    parts = windows.patches.shape[1] // training.patches_at_once

    def batches() -> Iterator[Batch]:
        for start in range(0, len(windows.labels), training.batch_windows):
            several = slice(start, start + training.batch_windows)
            patches = windows.patches[several, : parts * training.patches_at_once]
            labels = np.repeat(windows.labels[several], parts, axis=0)
            part = (-1, training.patches_at_once, *patches.shape[2:])
            yield patches.reshape(part).astype(np.float32), labels.astype(np.float32)

    count = -(-len(windows.labels) // training.batch_windows)
    return _dataset(batches, windows, training, count)


def shuffled(
    windows: WindowArrays, training: Training, seed: int, log_offset: float, first_epoch: int = 0
) -> "tf.data.Dataset":
    """Return an endless dataset of whole batches of augmented windows, shuffled in each epoch.

    Of each window, `patches_at_once` random patches are used. The order of an epoch depends only
    on the seed and its number, so that an interrupted training can continue.
    """

    def batches() -> Iterator[Batch]:
        for epoch in itertools.count(first_epoch):
            rng = np.random.default_rng([seed, epoch])
            for chosen in shuffled_batches(len(windows.labels), training, rng):
                yield augmented_batch(windows, chosen, training, rng, log_offset)

    return _dataset(batches, windows, training, INFINITE)


def shuffled_batches(
    windows: int, training: Training, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield the indices of each whole batch of one epoch, in random order."""
    order = rng.permutation(windows)
    size = min(training.batch_windows, windows)
    for start in range(0, windows - size + 1, size):
        yield order[start : start + size]


def _dataset(
    batches: object, windows: WindowArrays, training: Training, count: int
) -> "tf.data.Dataset":
    import tensorflow as tf

    signature = (
        tf.TensorSpec((None, training.patches_at_once, *windows.patches.shape[2:]), tf.float32),
        tf.TensorSpec((None, windows.labels.shape[1]), tf.float32),
    )
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(count)).prefetch(4)
