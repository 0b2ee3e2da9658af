"""What a window's logits cost, given which families play in it."""

from typing import TYPE_CHECKING

EMBEDDING_POWER = 0.02  # about the mean square of the base's embeddings of music

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

    Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]


def window_loss(*, label_smoothing: float, ranking_weight: float) -> "Loss":
    """A function of labels and logits, both (windows, families), to a loss a window, (windows,).

    The first part asks of each family by itself whether it plays: what thresholds need. The second
    asks which family it is rather than another, of windows where one plays: it is not drowned by
    the many families that are easily told not to play.
    """
    import keras

    def loss(labels: "keras.KerasTensor", logits: "keras.KerasTensor") -> "keras.KerasTensor":
        plays = keras.losses.binary_crossentropy(
            labels, logits, from_logits=True, label_smoothing=label_smoothing
        )
        shares = labels / keras.ops.maximum(keras.ops.sum(labels, -1, keepdims=True), 1.0)
        ranks = -keras.ops.sum(shares * keras.ops.log_softmax(logits), -1)
        return plays + ranking_weight * ranks

    return loss


def known_window_loss(*, label_smoothing: float, ranking_weight: float) -> "Loss":
    """`window_loss`, and nothing for windows whose labels nobody knows (above 1)."""
    import keras

    of_known = window_loss(label_smoothing=label_smoothing, ranking_weight=ranking_weight)

    def loss(labels: "keras.KerasTensor", logits: "keras.KerasTensor") -> "keras.KerasTensor":
        known = keras.ops.cast(keras.ops.max(labels, -1) <= 1.0, "float32")
        return known * of_known(keras.ops.minimum(labels, 1.0), logits)

    return loss


def embedding_loss(wanted: "keras.KerasTensor", given: "keras.KerasTensor") -> "keras.KerasTensor":
    """Squared error of embeddings, (windows, patches, 1024), against their own size: (windows,)."""
    import keras

    error = keras.ops.mean(keras.ops.square(wanted - given), (1, 2))
    return error / EMBEDDING_POWER


def classes_loss(wanted: "keras.KerasTensor", given: "keras.KerasTensor") -> "keras.KerasTensor":
    """Cross-entropy of the classes' scores, logits (windows, patches, 521) both: (windows,).

    Summed over classes, of which nearly all are always silent.
    """
    import keras

    scores = keras.ops.sigmoid(wanted)
    apart = keras.ops.sum(
        keras.losses.binary_crossentropy(scores[..., None], given[..., None], from_logits=True), -1
    )
    return keras.ops.mean(apart, -1)
