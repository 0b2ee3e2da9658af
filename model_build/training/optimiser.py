"""The optimizer of every training."""

from typing import TYPE_CHECKING

from model_build.recipe import Training

if TYPE_CHECKING:
    import keras

WARM_UP_STEPS = 250


def build_optimiser(training: Training, steps: int) -> "keras.optimizers.Optimizer":
    """Return AdamW with a short warm-up and then a cosine decay to zero.

    `steps` is the number of batches in an epoch.
    """
    import keras

    warm_up = min(WARM_UP_STEPS, steps)
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=training.learning_rate / 20.0,
        warmup_target=training.learning_rate,
        warmup_steps=warm_up,
        decay_steps=max(1, steps * training.epochs - warm_up),
    )
    return keras.optimizers.AdamW(rate, weight_decay=training.weight_decay)
