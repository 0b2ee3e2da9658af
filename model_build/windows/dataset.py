"""A side's windows on disk in, batches of them as a tf.data.Dataset out."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_build.recipe import Training
from model_build.run_folder import Lessons, Windows

if TYPE_CHECKING:
    import tensorflow as tf

INFINITE = -1  # as tf.data says it
BALANCE_DB = (-6.0, 3.0)  # the added window against the one it is added to

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def in_order(windows: Windows, training: Training) -> "tf.data.Dataset":
    """All windows once, as they lie: patches (batch, patches, frames, bands), labels.

    Each window comes in parts of `patches_at_once` patches, as in training.
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
    windows: Windows, training: Training, seed: int, log_offset: float, first_epoch: int = 0
) -> "tf.data.Dataset":
    """Whole batches for ever, some patches of each window once an epoch in a new order, augmented.

    The order of an epoch follows from its number, so that an interrupted training can go on.

    Some windows get the sound of another one on top, and with it its labels; some lose a few mel
    bands: Park et al., "SpecAugment" (2019), here over the whole window.
    """

    def batches() -> Iterator[Batch]:
        for epoch in itertools.count(first_epoch):
            rng = np.random.default_rng([seed, epoch])
            order = rng.permutation(len(windows.labels))
            size = min(training.batch_windows, len(order))
            for start in range(0, len(order) - size + 1, size):
                yield _augmented(windows, order[start : start + size], training, rng, log_offset)

    return _dataset(batches, windows, training, INFINITE)


def taught(
    windows: Windows,
    lessons: Lessons,
    training: Training,
    seed: int,
    *,
    endless: bool,
    first_epoch: int = 0,
) -> "tf.data.Dataset":
    """Batches of some patches of each window, and of what the pupil shall say of them.

    `endless` gives a new order and other patches each time round, as in `shuffled`; else every
    window comes once.
    """

    def batches() -> Iterator[tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]]:
        for epoch in itertools.count(first_epoch) if endless else (0,):
            rng = np.random.default_rng([seed, epoch])
            order = rng.permutation(len(windows.labels))
            size = min(training.batch_windows, len(order))
            for start in range(0, len(order) - size + 1, size):
                chosen = np.sort(order[start : start + size])  # reads the disk forwards
                some = _some_patches(windows, size, training, rng)
                at = (chosen[:, None], some)
                yield (
                    windows.patches[at].astype(np.float32),
                    {
                        "embedding": lessons.embeddings[at].astype(np.float32),
                        "classes": lessons.classes[at].astype(np.float32),
                        "logits": windows.labels[chosen].astype(np.float32),
                    },
                )

    import tensorflow as tf

    some = (None, training.patches_at_once)
    signature = (
        tf.TensorSpec((*some, *windows.patches.shape[2:]), tf.float32),
        {
            "embedding": tf.TensorSpec((*some, lessons.embeddings.shape[2]), tf.float32),
            "classes": tf.TensorSpec((*some, lessons.classes.shape[2]), tf.float32),
            "logits": tf.TensorSpec((None, windows.labels.shape[1]), tf.float32),
        },
    )
    count = INFINITE if endless else len(windows.labels) // training.batch_windows
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(count)).prefetch(4)


def _some_patches(
    windows: Windows, count: int, training: Training, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Which patches of `count` windows are looked at: (count, patches_at_once)."""
    every = np.tile(np.arange(windows.patches.shape[1]), (count, 1))
    return rng.permuted(every, axis=1)[:, : training.patches_at_once]


def _augmented(
    windows: Windows,
    chosen: NDArray[np.int64],
    training: Training,
    rng: np.random.Generator,
    log_offset: float,
) -> Batch:
    order = np.sort(chosen)  # reads the disk forwards
    some = _some_patches(windows, len(order), training, rng)
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
    """Log-mel of windows with another each, about as loud: unrelated sounds add in power."""
    one, other = np.exp(ones) - np.float32(log_offset), np.exp(others) - np.float32(log_offset)
    axes = (1, 2, 3)
    balance_db = rng.uniform(*BALANCE_DB, (len(one), 1, 1, 1))
    ratio = one.mean(axes, keepdims=True) / (other.mean(axes, keepdims=True) + log_offset)
    other *= ratio * 10.0 ** (balance_db / 20.0)
    together = np.sqrt(np.square(one) + np.square(other)) + np.float32(log_offset)
    return np.asarray(np.log(together), np.float32)


def _dataset(
    batches: object, windows: Windows, training: Training, count: int
) -> "tf.data.Dataset":
    import tensorflow as tf

    signature = (
        tf.TensorSpec((None, training.patches_at_once, *windows.patches.shape[2:]), tf.float32),
        tf.TensorSpec((None, windows.labels.shape[1]), tf.float32),
    )
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(count)).prefetch(4)
