"""Fit a network of the lab."""

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import msgspec
import numpy as np
import tensorflow as tf
from keras.metrics import categorical_accuracy
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.lab.experiment import Experiment, Training
from model_build.lab.features.reading import Chunks, read_parts
from model_build.lab.models.batches import Batches
from model_build.lab.models.callbacks import HeldOut, callbacks
from model_build.lab.models.fitted_network import FittedNetwork, FrozenTrunk
from model_build.lab.models.losses import loss_of, share_of_right, targets_of
from model_build.lab.models.memory import available_bytes, batch_that_fits, too_small
from model_build.lab.models.model import TrainingSet
from model_build.lab.models.networks import head, network
from model_build.lab.models.optimisers import optimiser
from model_build.lab.models.seeded_weights import seeded_weights
from model_build.lab.models.starting_weights import check_starting_files, load_starting_weights
from model_build.lab.models.training_logs import log_callbacks
from model_build.lab.models.trunk import build_trunk, frozen_trunk, trunk_values

_CHOOSING_SHARE = 0.1
"""Share of the training groups that is held out to choose the epoch."""
_FEWEST_GROUPS = 10
_LEAST_VARIANCE = 1e-6
_VARYING_SHARE = 0.01
"""Share of the largest deviation below which a value counts as constant."""

log = logging.getLogger(__name__)


def fit_network(
    experiment: Experiment, data: TrainingSet, *, seed: int, folder: Path | None = None
) -> FittedNetwork:
    """Fit the experiment's network; the same seed gives the same weights on the same machine.

    `folder` keeps what an interrupted training continues from; it is removed by the caller. If the
    memory is too small for a batch, batches of half the size are used, and that is logged.
    Raises InputError if the loss becomes infinite or NaN, if mixing is on and some labels are
    unknown, or if not even a batch of one chunk fits into the memory.
    """
    _check_mixing(experiment, data)
    check_starting_files(experiment.model)
    # It warns that each fold's network is compiled anew, which is intended.
    tf.get_logger().setLevel(logging.ERROR)
    training = experiment.training or Training()
    while True:
        smaller = msgspec.structs.replace(experiment, training=training)
        try:
            with _opened(folder) as files, _precision(training):
                return _fitted(smaller, data, seed, files)
        except (MemoryError, tf.errors.ResourceExhaustedError):
            if folder:
                shutil.rmtree(folder)
            training = _halved(training)


def _halved(training: Training) -> Training:
    size = training.batch_chunks
    if size == 1:
        raise too_small() from None
    log.warning("the memory is too small for batches of %d chunks; trying %d", size, size // 2)
    return msgspec.structs.replace(training, batch_chunks=size // 2)


@contextlib.contextmanager
def _opened(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


@contextlib.contextmanager
def _precision(training: Training) -> Iterator[None]:
    before = keras.config.dtype_policy()
    if training.mixed_precision:
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _fitted(experiment: Experiment, data: TrainingSet, seed: int, files: Path) -> FittedNetwork:
    keras.utils.set_random_seed(seed)
    training = experiment.training or Training()
    fit, choose = _parts(data, training, seed)
    with seeded_weights(seed):
        made = _network(experiment, data, fit)
    trained = made
    is_frozen = experiment.model.kind == "trunk" and not experiment.model.fine_tuned
    if is_frozen:
        # Not the layer itself: the saved network would contain how it was compiled.
        top = made.get_layer("head")
        trained = keras.Model(top.inputs, top.outputs)
        data = _at_trunk(experiment, data)
    training = _that_fits(training, trained, len(fit))
    batches = _batches(experiment, data, fit, seed, training.batch_chunks)
    loss = loss_of(experiment.loss, training.label_smoothing)
    accuracy = share_of_right if experiment.data.multi_label else categorical_accuracy
    shown = keras.metrics.MeanMetricWrapper(accuracy, name="accuracy")
    trained.compile(optimiser(training, len(batches)), loss, metrics=[shown])
    # The fitted network shares the weights, but is not compiled: its loss need not be saved.
    plain = keras.Model(made.inputs, made.outputs)
    frozen = FrozenTrunk(experiment.model, trained) if is_frozen else None
    result = FittedNetwork(plain, is_softmax=experiment.loss == "cross-entropy", frozen=frozen)
    held_out = _held_out(data, choose, training.batch_chunks)
    watch = held_out and HeldOut(trained if is_frozen else plain, held_out, loss, accuracy)
    is_choosing = len(choose) > 0
    trained.fit(
        batches,
        epochs=training.epochs,
        verbose=0,
        shuffle=False,
        callbacks=[
            *callbacks(
                *(training, batches, files, result.history), held_out=watch, is_choosing=is_choosing
            ),
            *log_callbacks(experiment, seed, files),
        ],
    )
    return result


def _that_fits(training: Training, trained: keras.Model, chunks: int) -> Training:
    size = min(training.batch_chunks, chunks)
    fits = batch_that_fits(trained, size, available_bytes())
    return training if fits == size else msgspec.structs.replace(training, batch_chunks=fits)


def _network(experiment: Experiment, data: TrainingSet, fit: NDArray[np.int64]) -> keras.Model:
    """Return the network from a chunk to the logits, before its training."""
    model, classes = experiment.model, len(data.truth.classes)
    frames, values = data.values.shape[1:]
    if model.kind == "trunk":
        trunk = build_trunk(model, frames) if model.fine_tuned else frozen_trunk(model, frames)
        outputs = trunk_values(model, data.values)
        top = head(model, outputs.shape[1], classes, *_mean_and_variance(outputs, data.rows[fit]))
        chunk = keras.Input((frames, values))
        return keras.Model(chunk, top(trunk(chunk)))
    mean, variance = None, None
    if experiment.front_end.normalisation == "training":
        mean, variance = _mean_and_variance(data.values, data.rows[fit])
    made = network(
        model, frames=frames, values=values, classes=classes, mean=mean, variance=variance
    )
    load_starting_weights(made, model)
    return made


def _at_trunk(experiment: Experiment, data: TrainingSet) -> TrainingSet:
    """Return the output of a frozen trunk instead of the chunks, so that it is computed once."""
    return data._replace(values=trunk_values(experiment.model, data.values))


def _check_mixing(experiment: Experiment, data: TrainingSet) -> None:
    augmentation = experiment.augmentation
    is_mixed = augmentation and (augmentation.mixup_alpha or augmentation.cutmix_alpha)
    if is_mixed and not data.truth.known.all():
        raise InputError(
            "augmentation: mixup and CutMix need labels that are all known; remove mixup_alpha and "
            "cutmix_alpha"
        )


def _parts(
    data: TrainingSet, training: Training, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide the places in `data.rows` into those to fit, and those to choose the epoch by."""
    every = np.arange(len(data.rows))
    groups = sorted(set(data.groups))
    if not (training.best_checkpoint or training.patience_epochs) or len(groups) < _FEWEST_GROUPS:
        return every, every[:0]
    count = max(1, round(_CHOOSING_SHARE * len(groups)))
    drawn = set(np.random.default_rng(seed).permutation(groups)[:count].tolist())
    held = np.array([data.groups[owner] in drawn for owner in data.owners])
    return every[~held], every[held]


def _batches(
    experiment: Experiment,
    data: TrainingSet,
    fit: NDArray[np.int64],
    seed: int,
    batch_chunks: int,
) -> Batches:
    return Batches(
        data.values,
        data.rows[fit],
        targets_of(data.truth, data.owners[fit]),
        data.weights[data.owners[fit]].astype(np.float32),
        batch_chunks=batch_chunks,
        augmentation=experiment.augmentation,
        seed=seed,
    )


def _held_out(data: TrainingSet, choose: NDArray[np.int64], batch_chunks: int) -> Batches | None:
    """Return the chunks whose loss is measured after each epoch; they count alike.

    They are those to choose the epoch by or, if there are none, those to validate.
    """
    if len(choose):
        rows, targets = data.rows[choose], targets_of(data.truth, data.owners[choose])
    elif data.watched and len(data.watched.rows):
        rows, targets = data.watched.rows, targets_of(data.watched.truth, data.watched.owners)
    else:
        return None
    weights = np.ones(len(rows), np.float32)
    return Batches(
        *(data.values, rows, targets, weights), batch_chunks=batch_chunks, augmentation=None, seed=0
    )


def _mean_and_variance(values: Chunks, rows: NDArray[np.int64]) -> tuple[list[float], list[float]]:
    """Return mean and variance of each value (..., values) over some chunks.

    A value that hardly varies gets the largest variance. With its own, the normalised network could
    not be quantised: the factors of all values share one scale, so that the others would become 0.
    """
    count = 0
    total = np.zeros(values.shape[-1])
    squares = np.zeros(values.shape[-1])
    for part in read_parts(values, rows):
        chunks = part.astype(np.float64)
        over = tuple(range(chunks.ndim - 1))
        count += chunks[..., 0].size
        total += chunks.sum(axis=over)
        squares += np.square(chunks).sum(axis=over)
    mean = total / count
    variance = np.maximum(squares / count - mean**2, _LEAST_VARIANCE)
    variance[variance < _VARYING_SHARE**2 * variance.max()] = variance.max()
    return mean.tolist(), variance.tolist()
