"""What happens after each epoch of a training: lines of progress, and files to continue from."""

import json
import logging
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file
from model_build.lab.experiment import Training
from model_build.lab.models.batches import Batches
from model_build.lab.models.losses import Loss
from model_build.lab.models.model import CURVES
from model_build.networks.backup import Backup

_SEED = "seed_generator_state"
"""Part of Keras' name of a layer's state of chance, which backups do not contain."""
_BACKUP_SECONDS = 5.0

log = logging.getLogger(__name__)


class Progress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Logs the losses of each epoch, and stops if a loss is not a number."""

    def __init__(self, epochs: int, history: list[dict[str, float]]) -> None:
        super().__init__()
        self._epochs, self._history = epochs, history

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Raise InputError if the loss is infinite or NaN."""
        losses = {name: float(value) for name, value in (logs or {}).items()}
        if not np.isfinite(losses["loss"]):
            raise InputError(
                f"training.learning_rate: the loss became {losses['loss']} in epoch {epoch + 1}; "
                "use a lower one, or a gradient_clip"
            )
        self._history.append(losses)
        text = ", ".join(f"{name} {value:.4f}" for name, value in losses.items())
        log.info("epoch %d of %d: %s", epoch + 1, self._epochs, text)


class HeldOut(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Adds `val_loss` and `val_accuracy`, means over held-out chunks, to the logs of each epoch.

    For a small network, Keras' own validation takes more than half as long as the training.
    `network` shares the weights of the trained one; `loss` and `accuracy` return (batch,) for
    targets and logits.
    """

    def __init__(self, network: keras.Model, batches: Batches, loss: Loss, accuracy: Loss) -> None:
        super().__init__()
        self._network, self._batches = network, batches
        self._measures = {"val_accuracy": accuracy, "val_loss": loss}

    def on_epoch_end(self, _epoch: int, logs: dict[str, float] | None = None) -> None:
        """Measure the network as it is now."""
        found: dict[str, list[Any]] = {name: [] for name in self._measures}
        for number in range(len(self._batches)):
            chunks, targets, _ = self._batches[number]
            logits = self._network.predict_on_batch(chunks)
            for name, measure in self._measures.items():
                found[name].append(keras.ops.convert_to_numpy(measure(targets, logits)))
        if logs is not None:
            logs |= {name: float(np.concatenate(parts).mean()) for name, parts in found.items()}


class Curves(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Appends a line of JSON to a file after each epoch: its losses and learning rate."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._batches: list[float] = []

    def on_train_batch_end(self, _batch: int, logs: dict[str, float] | None = None) -> None:
        """Note the mean loss of the epoch so far."""
        self._batches.append(round(float((logs or {})["loss"]), 6))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the line; lines of epochs that an interrupted training repeats are replaced."""
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        values = {name: float(value) for name, value in (logs or {}).items()}
        line = {"epoch": epoch + 1, **values, "learning_rate": rate, "batches": self._batches}
        lines = self._file.read_text().splitlines()[:epoch] if self._file.is_file() else []
        with whole_file(self._file) as fresh:
            fresh.write_text("\n".join([*lines, json.dumps(line)]) + "\n")
        self._batches = []


class Epochs(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Tells the batches and the layers with chance, such as dropout, which epoch it is.

    Their chance then depends on nothing else, so that an interrupted training can continue.
    """

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, _logs: dict[str, float] | None = None) -> None:
        """Start an epoch."""
        self._batches.epoch = epoch
        states = [one for one in self.model.variables if _SEED in one.path]
        for number, state in enumerate(states):
            drawn = np.random.default_rng((self._batches.seed, epoch, number))
            state.assign(drawn.integers(2**31, size=2))


class _State(msgspec.Struct, frozen=True):
    loss: float
    epoch: int


class Best(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Keeps the weights of the best epoch, and stops if none is better for some epochs.

    Both are files in `folder`, so that an interrupted training goes on from them.
    """

    def __init__(self, training: Training, folder: Path) -> None:
        super().__init__()
        self._patience = training.patience_epochs or training.epochs
        self._is_restored = training.best_checkpoint
        self._state_file, self._weights = folder / "best.json", folder / "best.npz"
        self._state: _State | None = None

    def on_train_begin(self, _logs: dict[str, float] | None = None) -> None:
        """Read the state of an interrupted training."""
        if self._state_file.is_file():
            self._state = msgspec.json.decode(self._state_file.read_bytes(), type=_State)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare the loss on the clips that are held out for it; without one, the epoch is bad."""
        loss = float((logs or {})["val_loss"])
        best = self._state
        if not np.isfinite(loss):
            return
        if best is None or loss < best.loss:
            if self._is_restored:
                with whole_file(self._weights) as fresh, fresh.open("wb") as file:
                    np.savez(file, *self.model.get_weights())
            self._state = _State(loss, epoch)
            with whole_file(self._state_file) as fresh:
                fresh.write_bytes(msgspec.json.encode(self._state))
        elif epoch - best.epoch >= self._patience:
            self.model.stop_training = True

    def on_train_end(self, _logs: dict[str, float] | None = None) -> None:
        """Give the network the weights of its best epoch."""
        if self._is_restored and self._weights.is_file():
            with np.load(self._weights) as kept:
                self.model.set_weights([kept[name] for name in kept.files])


def callbacks(
    training: Training,
    batches: Batches,
    folder: Path,
    history: list[dict[str, float]],
    *,
    held_out: HeldOut | None,
    is_choosing: bool,
) -> list[Any]:
    """Return the callbacks of a training whose files are in `folder`.

    `held_out` comes before those that use what it adds to the logs.
    """
    best = [Best(training, folder)] if is_choosing else []
    return [
        Epochs(batches),
        *([held_out] if held_out else []),
        Progress(training.epochs, history),
        *best,
        Curves(folder / CURVES),
        Backup(folder / "backup", every_seconds=_BACKUP_SECONDS, is_kept=True),
    ]
