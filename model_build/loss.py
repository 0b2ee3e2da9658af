"""What a window's logits cost, given which families play in it."""

from typing import TYPE_CHECKING

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
