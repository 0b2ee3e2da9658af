"""Learning rates over the steps of a training."""

from typing import Any

import keras
from keras import ops

from model_build.lab.experiment import Training

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
