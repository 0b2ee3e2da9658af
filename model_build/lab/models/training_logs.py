"""Log a training to TensorBoard or MLflow as well; both are optional packages."""

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import msgspec

from daemon.errors import InputError
from daemon.system.installation import pip_install
from model_build.lab.experiment import Experiment

_PACKAGES = {"tensorboard": ("tensorboard", "tensorboard"), "mlflow": ("mlflow", "mlflow-skinny")}
"""The module and the package that each place to log to needs."""


def check_packages(log_to: Sequence[str]) -> None:
    """Raise InputError unless the packages of `training.log_to` are installed."""
    for name in log_to:
        module, package = _PACKAGES[name]
        if find_spec(module) is None:
            raise InputError(
                f"training.log_to: {name} needs the package {package}; {pip_install(package)}, or "
                "leave it out"
            )


def log_callbacks(experiment: Experiment, seed: int, files: Path) -> list[Any]:
    """Return a callback for each place to log to.

    TensorBoard's files go to `tensorboard` in the run's folder, below the path of the fold in it:
    `files` is the folder of the training, inside that of the fold. MLflow's runs are named after
    the seed and go to the server in
    MLFLOW_TRACKING_URI or, if that is not set, to `mlruns` beside the runs. Raises InputError if a
    package is missing.
    """
    log_to = experiment.training.log_to if experiment.training else ()
    check_packages(log_to)
    callbacks: list[Any] = []
    if "tensorboard" in log_to:
        run = _runs(experiment) / experiment.name
        is_inside = files.is_relative_to(run)
        place = files.parent.relative_to(run) if is_inside else Path(f"seed-{seed}")
        folder = run / "tensorboard" / place
        callbacks.append(keras.callbacks.TensorBoard(folder, write_graph=False))
    if "mlflow" in log_to:
        callbacks.append(_MlflowLog(experiment, f"{experiment.name}, seed {seed}"))
    return callbacks


def _runs(experiment: Experiment) -> Path:
    return Path(experiment.output.folder).expanduser()


class _MlflowLog(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Logs the settings and the figures of each epoch as one run of MLflow."""

    def __init__(self, experiment: Experiment, name: str) -> None:
        super().__init__()
        self._experiment, self._name = experiment, name
        self._client: Any = None
        self._run = ""

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002
        mlflow = _mlflow(_runs(self._experiment))
        self._client = mlflow.MlflowClient()
        known = self._client.get_experiment_by_name(self._experiment.name)
        where = (
            known.experiment_id if known else self._client.create_experiment(self._experiment.name)
        )
        self._run = self._client.create_run(where, run_name=self._name).info.run_id
        for key, value in _settings(msgspec.to_builtins(self._experiment)):
            self._client.log_param(self._run, key, value)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        for name, value in (logs or {}).items():
            self._client.log_metric(self._run, name, float(value), step=epoch + 1)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002
        self._client.set_terminated(self._run)


def _mlflow(runs: Path) -> Any:
    """Return the module, set to log to the configured server or to a folder."""
    if "MLFLOW_TRACKING_URI" not in os.environ:
        # Newer versions refuse folders unless they are allowed.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    import mlflow

    if "MLFLOW_TRACKING_URI" not in os.environ:
        mlflow.set_tracking_uri((runs / "mlruns").absolute().as_uri())
    return mlflow


def _settings(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return the settings of an experiment with keys such as training.epochs."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            found += _settings(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found
