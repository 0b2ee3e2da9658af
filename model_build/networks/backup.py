"""Back up a training, so that it continues after an interruption at any moment."""

import shutil
import time
from pathlib import Path

import keras
import msgspec

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file

METADATA = "training_metadata.json"
"""The file that says how many epochs the backup contains."""
_EARLIER = "latest.weights.h5"
"""The weights in backups of earlier versions."""


class _Metadata(msgspec.Struct, frozen=True):
    epoch: int


class Backup(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Keeps weights, optimiser and number of epochs in a folder, at the end of an epoch.

    Keras' own BackupAndRestore writes its files in place and one after the other. A process that is
    killed meanwhile leaves weights that cannot be read, or weights of a later epoch than stated.
    """

    def __init__(self, folder: Path, *, every_seconds: float = 0.0, is_kept: bool = False) -> None:
        super().__init__()
        self._folder = folder
        self._every_seconds, self._is_kept = every_seconds, is_kept
        self._last = time.monotonic()

    def on_train_begin(self, _logs: dict[str, float] | None = None) -> None:
        """Continue from the backup, if there is one. Raises InputError if it is damaged."""
        metadata = self._folder / METADATA
        if not metadata.is_file():
            return
        try:
            epoch = msgspec.json.decode(metadata.read_bytes(), type=_Metadata).epoch
            weights = self._weights(epoch)
            if not self.model.optimizer.built:
                self.model.optimizer.build(self.model.trainable_variables)
            self.model.load_weights(weights if weights.is_file() else self._folder / _EARLIER)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            (reason,) = str(error).strip().splitlines()[:1] or [type(error).__name__]
            raise InputError(
                f"{self._folder}: the backup of the training is damaged ({reason}); remove this "
                "folder and run the command again"
            ) from None
        # There is no public way to do this; Keras' own callback does the same.
        self.model._initial_epoch = epoch  # noqa: SLF001

    def on_epoch_end(self, epoch: int, _logs: dict[str, float] | None = None) -> None:
        """Write the state, unless it was written a moment ago: for quick epochs, that is slow."""
        if time.monotonic() - self._last < self._every_seconds:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        weights = self._weights(epoch + 1)
        with whole_file(weights) as fresh:
            self.model.save_weights(fresh)
        # From here on, the new weights count.
        with whole_file(self._folder / METADATA) as fresh:
            fresh.write_bytes(msgspec.json.encode(_Metadata(epoch + 1)))
        for other in set(self._folder.glob("*.weights.h5")) - {weights}:
            other.unlink()
        self._last = time.monotonic()

    def on_train_end(self, _logs: dict[str, float] | None = None) -> None:
        """Remove the backup, unless the caller does."""
        if not self._is_kept and self._folder.is_dir():
            shutil.rmtree(self._folder)

    def _weights(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch}.weights.h5"
