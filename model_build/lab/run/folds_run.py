"""Fit a model for each fold, and score its validation recordings; finished folds are kept."""

import hashlib
import logging
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from daemon.system.files.whole_file import whole_file
from model_build.lab.cam.cam_list import LIST, save_list
from model_build.lab.executor.log_prefix import log_prefix
from model_build.lab.executor.pool import Pool, ordered
from model_build.lab.experiment import Experiment
from model_build.lab.features.store import Features
from model_build.lab.features.truth import Truth
from model_build.lab.models.fit import fit, load
from model_build.lab.models.model import (
    CLASSICAL_FILE,
    CURVES,
    NETWORK_FILE,
    Fitted,
    Scores,
    TrainingSet,
)
from model_build.lab.run.lab_run import LabRun
from model_build.lab.run.provenance import versions
from model_build.lab.run.training_set import Rows, scores_of, training_set, watched_chunks
from model_build.lab.validation.folds import Fold

_SCORES, _UNPRUNED = "scores.npy", "unpruned.npy"
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
            self.experiment.sha256,
            self.seed,
            self.features.sha256,
            versions(),
        )
        return hashlib.sha256(msgspec.json.encode(decides)).hexdigest()


def fold_scores(task: Task, folds: Sequence[Fold], strategy: str, pool: Pool) -> list[Scores]:
    """Return the scores of each fold's validation recordings, (recordings, classes).

    The folds are tasks of the pool, except those that are finished.
    """
    found = {fold.number: _kept(task, fold, strategy) for fold in folds}
    missing = [fold for fold in folds if found[fold.number] is None]
    made = ordered(pool, partial(_made, task, strategy), missing, label=_label(pool))
    found |= {fold.number: scores for fold, scores in zip(missing, made, strict=True)}
    return [scores for scores in found.values() if scores is not None]


def fit_all(
    task: Task, plans: Sequence[tuple[str, Sequence[Fold]]], final: Fold, pool: Pool
) -> Scores:
    """Fit the models of all folds of several strategies, and the final one.

    All are tasks at once, so that no process waits for the last fold of a strategy. `final` has the
    training and the test recordings; the scores of the latter are returned. `fold_scores` then
    finds those of the folds finished.
    """
    jobs = [
        (strategy, fold)
        for strategy, folds in plans
        for fold in folds
        if _kept(task, fold, strategy) is None
    ]
    _forget(task, plans, jobs)
    last = [("", final._replace(number=_FINAL))]
    # The CPU time of a pruned network is measured: nothing else may run then.
    rounds = [jobs, last] if task.experiment.pruning else [jobs + last]
    fitted = (ordered(pool, partial(_fit, task), each, label=_label(pool)) for each in rounds)
    return [scores for each in fitted for scores in each][-1]


def _label(pool: Pool) -> str:
    """Return the label of the progress of fitting; empty if each task shows its own lines."""
    return "models" if pool.is_remote else ""


def _forget(
    task: Task, plans: Sequence[tuple[str, Sequence[Fold]]], jobs: Sequence[tuple[str, Fold]]
) -> None:
    """Remove the curves of models that will be fitted again, and folds that are not planned.

    Otherwise the live page shows those of an earlier state of the experiment.
    """
    planned = {task.run.fold(name, fold.number) for name, folds in plans for fold in folds}
    for folder in (task.run.folder / "folds").glob("*-*"):
        if folder not in planned:
            shutil.rmtree(folder)
    again = [task.run.fold(name, fold.number) for name, fold in jobs]
    if not _has_final(task):
        again.append(task.run.model)
    for folder in again:
        (folder / CURVES).unlink(missing_ok=True)


def _fit(task: Task, job: tuple[str, Fold]) -> Scores:
    strategy, fold = job
    if strategy:
        return _made(task, strategy, fold)
    with log_prefix("final model: "):
        model = _final_model(task, fold.training)
    if not len(fold.validation):
        return np.empty((0, len(task.truth.classes)))
    return scores_of(model, task.features, fold.validation)


def unpruned_scores(task: Task, folds: Sequence[Fold], strategy: str) -> list[Scores]:
    """Return the scores of each fold's model before it was pruned, (recordings, classes)."""
    return [np.load(task.run.fold(strategy, fold.number) / _UNPRUNED) for fold in folds]


def _final_model(task: Task, rows: Rows) -> Fitted:
    """Return the model that is fitted to all training recordings, pruned if asked, and save it.

    It is loaded if the same run has saved it before.
    """
    key = task.run.model / "key.txt"
    if _has_final(task):
        return load(task.experiment, task.run.model)
    log.info("all %d training recordings", len(rows))
    task.run.model.mkdir(exist_ok=True)
    key.unlink(missing_ok=True)
    (task.run.model / CURVES).unlink(missing_ok=True)
    data = _training_set(task, rows, _FINAL)
    model = _fitted(task, data, _FINAL, task.run.model)
    if task.experiment.pruning:
        from model_build.lab.pruning.cost import write_costs

        whole, model = model, _pruned(task, model, data, _FINAL)
        write_costs(task.run.model, whole, model, data)
    model.save(task.run.model)
    other = NETWORK_FILE if task.experiment.model.is_classical else CLASSICAL_FILE
    (task.run.model / other).unlink(missing_ok=True)
    key.write_text(task.key)
    return model


def _has_final(task: Task) -> bool:
    key = task.run.model / "key.txt"
    return key.is_file() and key.read_text() == task.key


def _fitted(task: Task, data: TrainingSet, number: int, folder: Path) -> Fitted:
    """Return a model fitted to some recordings.

    An interrupted training of a network continues where the files in `folder` say.
    """
    key = hashlib.sha256(task.key.encode() + data.rows.tobytes()).hexdigest()[:16]
    training = folder / f"training-{key}"
    for stale in set(folder.glob("training-*")) - {training}:
        shutil.rmtree(stale)
    model = fit(task.experiment, data, seed=task.seed + number, folder=training)
    for left in folder.glob("training-*"):
        if (left / CURVES).is_file():
            (left / CURVES).replace(folder / CURVES)
        shutil.rmtree(left)
    return model


def _training_set(task: Task, rows: Rows, number: int) -> TrainingSet:
    """Return the chunks of some recordings; `number` makes the seed of a fold its own."""
    return training_set(task.features, task.truth, rows, task.experiment.data, task.seed + number)


def _pruned(task: Task, model: Fitted, data: TrainingSet, number: int) -> Fitted:
    from model_build.lab.pruning.prune import pruned

    return pruned(task.experiment, model, data, seed=task.seed + number)


def _key(task: Task, fold: Fold) -> str:
    parts = (task.key.encode(), fold.training.tobytes(), fold.validation.tobytes())
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _kept(task: Task, fold: Fold, strategy: str) -> Scores | None:
    """Return the scores of a fold that is finished; None for another one."""
    folder = task.run.fold(strategy, fold.number)
    key = folder / "key.txt"
    if key.is_file() and key.read_text() == _key(task, fold):
        kept: Scores = np.load(folder / _SCORES)
        return kept
    return None


def _made(task: Task, strategy: str, fold: Fold) -> Scores:
    """Fit a fold's model, and write and return the scores of its validation recordings."""
    folder = task.run.fold(strategy, fold.number)
    key = folder / "key.txt"
    folder.mkdir(parents=True, exist_ok=True)
    key.unlink(missing_ok=True)
    for earlier in (CURVES, LIST):
        (folder / earlier).unlink(missing_ok=True)
    with log_prefix(f"{strategy}, fold {fold.number}: "):
        log.info("%d training recordings, %d to validate", len(fold.training), len(fold.validation))
        is_leak_check = strategy != task.experiment.validation.strategy
        made = _scored(task, fold, folder, has_cams=not is_leak_check)
    key.write_text(_key(task, fold))
    return made


def _scored(task: Task, fold: Fold, folder: Path, *, has_cams: bool) -> Scores:
    data = _training_set(task, fold.training, fold.number)
    data = data._replace(watched=watched_chunks(task.features, task.truth, fold.validation))
    model = _fitted(task, data, fold.number, folder)
    if task.experiment.pruning:
        _save(folder / _UNPRUNED, scores_of(model, task.features, fold.validation))
        model = _pruned(task, model, data, fold.number)
    scores = scores_of(model, task.features, fold.validation)
    _save(folder / _SCORES, scores)
    if has_cams and task.experiment.output.cam != "none":
        from model_build.lab.cam.cams import Shown, write_cams

        shown = Shown(task.experiment, task.features, task.truth, fold.validation, scores)
        save_list(folder, write_cams(model, shown, task.run.pictures))
    return scores


def _save(path: Path, scores: Scores) -> None:
    with whole_file(path) as fresh, fresh.open("wb") as file:
        np.save(file, scores)
