"""Prune a trained network, and train it further meanwhile."""

import logging

import keras
import numpy as np

from daemon.errors import InputError
from model_build.lab.experiment import Experiment, Pruning, Training
from model_build.lab.models.batches import Batches
from model_build.lab.models.callbacks import Epochs
from model_build.lab.models.fitted_network import FittedNetwork
from model_build.lab.models.losses import loss_of, targets_of
from model_build.lab.models.model import Fitted, TrainingSet
from model_build.lab.pruning.masks import Pruner, channel_masks, magnitude_masks
from model_build.lab.pruning.shrunk import shrunk

_RATE_SHARE = 0.1

log = logging.getLogger(__name__)


def pruned(
    experiment: Experiment, fitted: Fitted, data: TrainingSet, *, seed: int
) -> FittedNetwork:
    """Return a pruned copy of a fitted network, trained further on the same chunks.

    Raises InputError if the loss becomes infinite or NaN.
    """
    assert isinstance(fitted, FittedNetwork)  # noqa: S101 (an experiment refuses others)
    settings = experiment.pruning
    assert settings  # noqa: S101 (for mypy)
    training = experiment.training or Training()
    keras.utils.set_random_seed(seed)
    model = keras.models.clone_model(fitted.model)
    model.set_weights(fitted.model.get_weights())
    rate = settings.learning_rate or _RATE_SHARE * training.learning_rate
    optimiser = keras.optimizers.Adam(rate, global_clipnorm=training.gradient_clip or None)
    model.compile(optimiser, loss_of(experiment.loss, training.label_smoothing))
    batches = _batches(experiment, training, data, seed)
    history = model.fit(
        batches,
        epochs=settings.epochs,
        verbose=0,
        shuffle=False,
        callbacks=[Epochs(batches), _pruner(settings)],
    ).history["loss"]
    if not np.isfinite(history).all():
        raise InputError("pruning.learning_rate: the loss became infinite or NaN; use a lower one")
    log.info("pruned in %d epochs: loss %.4f to %.4f", len(history), history[0], history[-1])
    plain = keras.Model(model.inputs, model.outputs)
    small = shrunk(plain) if settings.kind == "channels" else plain
    return FittedNetwork(small, is_softmax=fitted.is_softmax)


def _pruner(settings: Pruning) -> Pruner:
    masks = channel_masks if settings.kind == "channels" else magnitude_masks
    return Pruner(masks, round(settings.ramp * settings.epochs), settings.share)


def _batches(experiment: Experiment, training: Training, data: TrainingSet, seed: int) -> Batches:
    return Batches(
        data.values,
        data.rows,
        targets_of(data.truth, data.owners),
        data.weights[data.owners].astype(np.float32),
        batch_chunks=training.batch_chunks,
        augmentation=experiment.augmentation,
        seed=seed,
    )
