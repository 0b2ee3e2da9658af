"""Fit a network of the lab."""

import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.lab.experiment import Experiment, Training
from model_build.lab.models.batches import Batches
from model_build.lab.models.losses import UNKNOWN, loss_of
from model_build.lab.models.model import Chunks, Scores, TrainingSet
from model_build.lab.models.networks import network
from model_build.lab.models.schedules import schedule
from model_build.lab.models.training_logs import log_callbacks

FILE = "model.keras"

_CHOOSING_SHARE = 0.1
"""Share of the training groups that is held out to choose the epoch."""
_CHUNKS_AT_ONCE = 256
_MOMENTUM = 0.9
_FEWEST_GROUPS = 10

log = logging.getLogger(__name__)


class FittedNetwork:
    """A trained network, and the function that turns its logits into scores."""

    def __init__(self, model: keras.Model, *, is_softmax: bool) -> None:
        self.model = model
        self.is_softmax = is_softmax
        self.history: list[dict[str, float]] = []

    def scores(self, chunks: Chunks) -> Scores:
        """Return the scores (chunks, classes) of some chunks, in 0..1."""
        parts = [
            self.model.predict_on_batch(np.array(chunks[start : start + _CHUNKS_AT_ONCE]))
            for start in range(0, len(chunks), _CHUNKS_AT_ONCE)
        ]
        logits = np.concatenate(parts).astype(np.float64)
        if not self.is_softmax:
            return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -50.0, 50.0))))
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def save(self, folder: Path) -> None:
        """Write the network to a folder."""
        self.model.save(folder / FILE)


def fit_network(experiment: Experiment, data: TrainingSet, *, seed: int) -> FittedNetwork:
    """Fit the experiment's network; the same seed gives the same weights on the same machine.

    Raises InputError if the loss becomes infinite or NaN, or if mixing is on and some labels are
    unknown.
    """
    _check_mixing(experiment, data)
    keras.utils.set_random_seed(seed)
    training = experiment.training or Training()
    fit, choose = _parts(data, training, seed)
    mean, variance = _normalisation(experiment, data, fit)
    made = network(
        experiment.model,
        frames=data.values.shape[1],
        values=data.values.shape[2],
        classes=len(data.truth.classes),
        mean=mean,
        variance=variance,
    )
    batches = _batches(experiment, data, fit, seed)
    loss = loss_of(experiment.loss, training.label_smoothing)
    made.compile(_optimiser(training, len(batches)), loss)
    # The fitted network shares the weights, but is not compiled: its loss need not be saved.
    plain = keras.Model(made.inputs, made.outputs)
    result = FittedNetwork(plain, is_softmax=experiment.loss == "cross-entropy")
    made.fit(
        batches,
        epochs=training.epochs,
        verbose=0,
        shuffle=False,
        validation_data=_chosen(data, choose) if len(choose) else None,
        callbacks=[
            _Progress(training.epochs, result.history),
            *_choosing(training, choose),
            *log_callbacks(experiment, seed),
        ],
    )
    return result


def _check_mixing(experiment: Experiment, data: TrainingSet) -> None:
    augmentation = experiment.augmentation
    is_mixed = augmentation and (augmentation.mixup_alpha or augmentation.cutmix_alpha)
    if is_mixed and not data.truth.known.all():
        raise InputError(
            "augmentation: mixup and CutMix need labels that are all known; remove mixup_alpha and "
            "cutmix_alpha"
        )


class _Progress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Logs the losses of each epoch, and stops if a loss is not a number."""

    def __init__(self, epochs: int, history: list[dict[str, float]]) -> None:
        super().__init__()
        self._epochs, self._history = epochs, history

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        losses = {name: float(value) for name, value in (logs or {}).items()}
        if not np.isfinite(losses["loss"]):
            raise InputError(
                f"training.learning_rate: the loss became {losses['loss']} in epoch {epoch + 1}; "
                "use a lower one, or a gradient_clip"
            )
        self._history.append(losses)
        text = ", ".join(f"{name} {value:.4f}" for name, value in losses.items())
        log.info("epoch %d of %d: %s", epoch + 1, self._epochs, text)


def _choosing(training: Training, choose: NDArray[np.int64]) -> list[Any]:
    if not len(choose):
        return []
    patience = training.patience_epochs or training.epochs
    return [
        keras.callbacks.EarlyStopping(
            "val_loss", patience=patience, restore_best_weights=training.best_checkpoint
        )
    ]


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


def _targets(data: TrainingSet) -> NDArray[np.float32]:
    """Return the targets (used chunks, classes): 1, 0, or UNKNOWN."""
    targets = np.where(data.truth.known, data.truth.has.astype(np.float32), np.float32(UNKNOWN))
    return np.asarray(targets[data.owners], np.float32)


def _batches(
    experiment: Experiment, data: TrainingSet, fit: NDArray[np.int64], seed: int
) -> Batches:
    training = experiment.training or Training()
    return Batches(
        data.values,
        data.rows[fit],
        _targets(data)[fit],
        data.weights[data.owners[fit]].astype(np.float32),
        batch_chunks=training.batch_chunks,
        augmentation=experiment.augmentation,
        seed=seed,
    )


def _chosen(data: TrainingSet, choose: NDArray[np.int64]) -> tuple[Chunks, NDArray[np.float32]]:
    return np.array(data.values[data.rows[choose]]), _targets(data)[choose]


def _normalisation(
    experiment: Experiment, data: TrainingSet, fit: NDArray[np.int64]
) -> tuple[list[float] | None, list[float] | None]:
    """Return mean and variance of each value over the training chunks."""
    if experiment.front_end.normalisation != "training":
        return None, None
    count = 0
    total = np.zeros(data.values.shape[2])
    squares = np.zeros(data.values.shape[2])
    for start in range(0, len(fit), _CHUNKS_AT_ONCE):
        rows = data.rows[fit[start : start + _CHUNKS_AT_ONCE]]
        chunks = np.asarray(data.values[rows], np.float64)
        count += chunks.shape[0] * chunks.shape[1]
        total += chunks.sum(axis=(0, 1))
        squares += np.square(chunks).sum(axis=(0, 1))
    mean = total / count
    return mean.tolist(), np.maximum(squares / count - mean**2, 1e-6).tolist()


def _optimiser(training: Training, steps_an_epoch: int) -> Any:
    shared = {
        "learning_rate": schedule(training, steps_an_epoch),
        "global_clipnorm": training.gradient_clip or None,
        "gradient_accumulation_steps": training.gradient_accumulation
        if training.gradient_accumulation > 1
        else None,
    }
    match training.optimiser:
        case "adamw":
            return keras.optimizers.AdamW(weight_decay=training.weight_decay, **shared)
        case "adam":
            return keras.optimizers.Adam(**shared)
        case _:
            return keras.optimizers.SGD(momentum=_MOMENTUM, **shared)
