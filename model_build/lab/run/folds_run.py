"""Fit a model for each fold, and score its validation recordings; finished folds are kept."""

import hashlib
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from daemon.system.files.whole_file import whole_file
from model_build.lab.experiment import Experiment
from model_build.lab.features.store import Features
from model_build.lab.features.truth import Truth
from model_build.lab.models.fit import fit, load
from model_build.lab.models.model import CURVES, Fitted, Scores
from model_build.lab.run.lab_run import LabRun
from model_build.lab.run.provenance import versions
from model_build.lab.run.training_set import Rows, scores_of, training_set
from model_build.lab.validation.folds import Fold

_FINAL = 1_000  # no fold has this number

log = logging.getLogger(__name__)


class Task(NamedTuple):
    """What all folds of a run share."""

    experiment: Experiment
    """The experiment."""
    seed: int
    """The seed of the run."""
    features: Features
    """The recordings."""
    truth: Truth
    """Their labels."""
    run: LabRun
    """Where the results go."""

    @property
    def key(self) -> str:
        """A hash of everything that decides the scores of a fold."""
        decides = (
            msgspec.to_builtins(self.experiment),
            self.seed,
            self.features.sha256,
            versions(),
        )
        return hashlib.sha256(msgspec.json.encode(decides)).hexdigest()


def fold_scores(task: Task, folds: Sequence[Fold], strategy: str) -> list[Scores]:
    """Return the scores of each fold's validation recordings, (recordings, classes)."""
    found = []
    for fold in folds:
        log.info("%s, fold %d (%d in all)", strategy, fold.number, len(folds))
        found.append(_one(task, fold, strategy))
    return found


def final_model(task: Task, rows: Rows) -> Fitted:
    """Return the model that is fitted to all training recordings, and save it.

    It is loaded if the same run has saved it before.
    """
    key = task.run.model / "key.txt"
    if key.is_file() and key.read_text() == task.key:
        return load(task.experiment, task.run.model)
    log.info("the final model, on all %d training recordings", len(rows))
    task.run.model.mkdir(exist_ok=True)
    key.unlink(missing_ok=True)
    model = fitted(task, rows, _FINAL, task.run.model)
    model.save(task.run.model)
    key.write_text(task.key)
    return model


def fitted(task: Task, rows: Rows, number: int, folder: Path) -> Fitted:
    """Return a model fitted to some recordings; `number` makes its seed its own.

    An interrupted training of a network continues where the files in `folder` say.
    """
    data = training_set(task.features, task.truth, rows, task.experiment.data, task.seed + number)
    files = folder / f"training-{task.key[:16]}"
    model = fit(task.experiment, data, seed=task.seed + number, folder=files)
    for left in folder.glob("training-*"):
        if (left / CURVES).is_file():
            (left / CURVES).replace(folder / CURVES)
        shutil.rmtree(left)
    return model


def _one(task: Task, fold: Fold, strategy: str) -> Scores:
    folder = task.run.fold(strategy, fold.number)
    key, scores = folder / "key.txt", folder / "scores.npy"
    if key.is_file() and key.read_text() == task.key:
        kept: Scores = np.load(scores)
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    key.unlink(missing_ok=True)
    made = scores_of(
        fitted(task, fold.training, fold.number, folder), task.features, fold.validation
    )
    with whole_file(scores) as fresh:
        np.save(fresh, made)
    key.write_text(task.key)
    return made
