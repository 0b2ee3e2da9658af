"""KerasTuner decides which values are tried: the asking and telling of its oracles."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras_tuner

from model_build.lab.experiment import Experiment, Search, Training
from model_build.lab.search.space import drawn_values, hyperparameters

_TRIALS, _FACTOR = 10, 3
_NEVER = 10**9
_SMALLER_IS_BETTER = {"hamming_loss"}


class Asked(NamedTuple):
    """One trial that KerasTuner asks for."""

    values: dict[str, Any]
    """The values of the keys that vary."""
    trial: Any
    """KerasTuner's trial."""


class Oracle:
    """An oracle of KerasTuner, whose files are in `folder`, which is empty.

    The same answers lead to the same questions.
    """

    def __init__(
        self, experiment: Experiment, search: Search, metric: str, *, seed: int, folder: Path
    ) -> None:
        self._search = search
        self._oracle = _oracle(experiment, search, metric, seed)
        self._oracle.verbose = 0
        self._asked = 0
        with _silenced():
            _Tuner(self._oracle, directory=str(folder), project_name="search")

    def waves(self) -> Iterator[list[Asked]]:
        """Yield the trials that do not depend on each other, until the search is finished.

        Tell the outcome of each one before asking for the next wave.
        """
        while wave := list(self._wave()):
            yield wave

    def tell(self, asked: Asked, value: float | None) -> None:
        """Report the figure of a trial; None if it has none."""
        with _silenced():
            if value is not None:
                self._oracle.update_trial(asked.trial.trial_id, {"value": value})
            asked.trial.status = "INVALID" if value is None else "COMPLETED"
            self._oracle.end_trial(asked.trial)

    def is_better(self, value: float, other: float) -> bool:
        """Return whether one figure is better than another."""
        return value < other if self._oracle.objective.direction == "min" else value > other

    def _wave(self) -> Iterator[Asked]:
        while True:
            self._asked += 1
            with _silenced():
                trial = self._oracle.create_trial(f"trial {self._asked}")
            if trial.status != "RUNNING":
                return
            drawn = trial.hyperparameters.values
            values = drawn_values(self._search, drawn)
            if self._search.strategy == "hyperband":
                values["training.epochs"] = int(drawn["tuner/epochs"])
            yield Asked(values, trial)


class _Tuner(keras_tuner.engine.base_tuner.BaseTuner):  # type: ignore[misc]  # untyped
    """Gives an oracle the folder that it needs; trials are not run by KerasTuner."""

    def run_trial(self, *_arguments: Any, **_options: Any) -> None:
        raise NotImplementedError


def _oracle(experiment: Experiment, search: Search, metric: str, seed: int) -> Any:
    direction = "min" if metric in _SMALLER_IS_BETTER else "max"
    shared = {
        "objective": keras_tuner.Objective("value", direction),
        "seed": seed + 1,  # 0 would draw one
        "hyperparameters": hyperparameters(search),
        "allow_new_entries": False,
        "tune_new_entries": False,
        "max_consecutive_failed_trials": _NEVER,
    }
    if search.strategy == "random":
        return keras_tuner.oracles.RandomSearchOracle(max_trials=search.trials or _TRIALS, **shared)
    epochs = (experiment.training or Training()).epochs
    return keras_tuner.oracles.HyperbandOracle(
        max_epochs=epochs, factor=search.factor or _FACTOR, **shared
    )


def _silenced() -> warnings.catch_warnings:
    """Ignore the warnings of KerasTuner, which uses old names of Python's functions."""
    return warnings.catch_warnings(action="ignore", category=DeprecationWarning)
