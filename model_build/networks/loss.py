"""Losses of a window's logits and, in distillation, of a student's other outputs."""

from typing import TYPE_CHECKING

EMBEDDING_POWER = 0.02  # about the mean square of the base's embeddings of music

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

    Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]


def window_loss(*, label_smoothing: float, ranking_weight: float) -> "Loss":
    """Return a loss of labels and logits, both (windows, families), as (windows,).

    Its first term is the cross-entropy of each family by itself, which thresholds depend on. The
    second one ranks the family that plays above the others, in windows where one plays. Without
    it, the many families that are easily recognized as absent would dominate.
    """
    import keras

    def loss(labels: "keras.KerasTensor", logits: "keras.KerasTensor") -> "keras.KerasTensor":
        presence = keras.losses.binary_crossentropy(
            labels, logits, from_logits=True, label_smoothing=label_smoothing
        )
        shares = labels / keras.ops.maximum(keras.ops.sum(labels, -1, keepdims=True), 1.0)
        ranking = -keras.ops.sum(shares * keras.ops.log_softmax(logits), -1)
        return presence + ranking_weight * ranking

    return loss


def known_window_loss(*, label_smoothing: float, ranking_weight: float) -> "Loss":
    """Return `window_loss`, but 0 for windows with unknown labels (above 1)."""
    import keras

    of_known = window_loss(label_smoothing=label_smoothing, ranking_weight=ranking_weight)

    def loss(labels: "keras.KerasTensor", logits: "keras.KerasTensor") -> "keras.KerasTensor":
        known = keras.ops.cast(keras.ops.max(labels, -1) <= 1.0, "float32")
        return known * of_known(keras.ops.minimum(labels, 1.0), logits)

    return loss


def embedding_loss(
    teacher: "keras.KerasTensor", student: "keras.KerasTensor"
) -> "keras.KerasTensor":
    """Return the squared error of the student's embeddings, relative to their usual power.

    Both are (windows, patches, 1024); the result is (windows,).
    """
    import keras

    error = keras.ops.mean(keras.ops.square(teacher - student), (1, 2))
    return error / EMBEDDING_POWER


def classes_loss(teacher: "keras.KerasTensor", student: "keras.KerasTensor") -> "keras.KerasTensor":
    """Return the cross-entropy of the scores of the base's own classes.

    Both are logits (windows, patches, 521); the result is (windows,). It is summed over classes,
    because nearly all of them are always silent.
    """
    import keras

    scores = keras.ops.sigmoid(teacher)
    by_patch = keras.ops.sum(
        keras.losses.binary_crossentropy(scores[..., None], student[..., None], from_logits=True),
        -1,
    )
    return keras.ops.mean(by_patch, -1)
