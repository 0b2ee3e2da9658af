"""Batches of one side's windows with the teacher's outputs for them, for distillation."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_build.recipe import Training
from model_build.run_folder import TeacherOutputs, WindowArrays
from model_build.windows.batch_augmentation import random_patches
from model_build.windows.dataset import INFINITE, shuffled_batches

if TYPE_CHECKING:
    import tensorflow as tf

TaughtBatch = tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]


def with_teacher_outputs(
    windows: WindowArrays,
    outputs: TeacherOutputs,
    training: Training,
    seed: int,
    *,
    endless: bool,
    first_epoch: int = 0,
) -> "tf.data.Dataset":
    """Return batches of random patches and the outputs that the student should give for them.

    If `endless`, each epoch has a new order and other patches; otherwise there is one epoch. Only
    whole batches are returned.
    """

    def batches() -> Iterator[TaughtBatch]:
        for epoch in itertools.count(first_epoch) if endless else (0,):
            rng = np.random.default_rng([seed, epoch])
            for batch in shuffled_batches(len(windows.labels), training, rng):
                chosen = np.sort(batch)  # reads the disk forwards
                some = random_patches(windows, len(chosen), training, rng)
                at = (chosen[:, None], some)
                yield (
                    windows.patches[at].astype(np.float32),
                    {
                        "embedding": outputs.embeddings[at].astype(np.float32),
                        "classes": outputs.classes[at].astype(np.float32),
                        "logits": windows.labels[chosen].astype(np.float32),
                    },
                )

    import tensorflow as tf

    some = (None, training.patches_at_once)
    signature = (
        tf.TensorSpec((*some, *windows.patches.shape[2:]), tf.float32),
        {
            "embedding": tf.TensorSpec((*some, outputs.embeddings.shape[2]), tf.float32),
            "classes": tf.TensorSpec((*some, outputs.classes.shape[2]), tf.float32),
            "logits": tf.TensorSpec((None, windows.labels.shape[1]), tf.float32),
        },
    )
    count = INFINITE if endless else len(windows.labels) // training.batch_windows
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(count)).prefetch(4)
