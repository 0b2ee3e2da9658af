"""The optimisers of the lab."""

from typing import Any

import keras

from model_build.lab.experiment import Training
from model_build.lab.models.networks import LOGITS
from model_build.lab.models.schedules import schedule

_MOMENTUM = 0.9


def optimiser(training: Training, steps_an_epoch: int) -> Any:
    """Return the optimiser of Keras; all layers but the last one can get a lower learning rate."""
    share = training.body_rate_share
    shared = {
        "learning_rate": schedule(training, steps_an_epoch),
        "global_clipnorm": training.gradient_clip or None,
        "gradient_accumulation_steps": training.gradient_accumulation
        if training.gradient_accumulation > 1
        else None,
    }
    optimizers = keras.optimizers
    match training.optimiser:
        case "adamw":
            return _slower(optimizers.AdamW, share)(weight_decay=training.weight_decay, **shared)
        case "adam":
            return _slower(optimizers.Adam, share)(**shared)
        case _:
            return _slower(optimizers.SGD, share)(momentum=_MOMENTUM, **shared)


def _slower(kind: Any, share: float) -> Any:
    """Return an optimiser that multiplies the learning rate of a network's body by `share`."""
    if share == 1.0:
        return kind

    class Slower(kind):  # type: ignore[misc]  # Keras is untyped
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            is_head = f"{LOGITS}/" in variable.name
            super().update_step(
                gradient, variable, learning_rate if is_head else share * learning_rate
            )

    return Slower
