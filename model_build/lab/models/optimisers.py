"""The optimisers of the lab, and their learning rates over the steps of a training."""

from typing import Any

import keras
from keras import ops

from model_build.lab.experiment import Training
from model_build.lab.models.model import LOGITS

_MOMENTUM = 0.9
_DROPS_AT = (0.5, 0.75)
_DROP = 0.1


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # untyped
    """Rises from 0 to `learning_rate` in `steps`, and then follows another schedule."""

    def __init__(self, learning_rate: float, steps: int, after: Any) -> None:
        super().__init__()
        self._learning_rate, self._steps, self._after = learning_rate, steps, after

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        rising = self._learning_rate * (step + 1.0) / self._steps
        return ops.where(step < self._steps, rising, self._after(step - self._steps))


def schedule(training: Training, steps_an_epoch: int) -> Any:
    """Return the learning rate as a number or as a schedule of Keras."""
    warm_up = min(training.warm_up_epochs, training.epochs - 1) * steps_an_epoch
    after = _after(training, training.epochs * steps_an_epoch - warm_up)
    return WarmUp(training.learning_rate, warm_up, after) if warm_up else after


def _after(training: Training, steps: int) -> Any:
    rate = training.learning_rate
    schedules = keras.optimizers.schedules
    if training.schedule == "cosine":
        return schedules.CosineDecay(rate, steps)
    drops = [round(share * steps) for share in _DROPS_AT]
    rates = [rate, rate * _DROP, rate * _DROP**2]
    if training.schedule == "constant":
        rates = [rate] * 3
    return schedules.PiecewiseConstantDecay(drops, rates)


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
