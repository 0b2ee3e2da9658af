"""Cross-validate an experiment, and measure its scores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model_build.lab.executor.pool import Pool
from model_build.lab.experiment import Validation
from model_build.lab.models.model import Scores
from model_build.lab.run.folds_run import Task, fold_scores, unpruned_scores
from model_build.lab.run.lab_run import Measured
from model_build.lab.run.training_set import Rows
from model_build.lab.validation.folds import Fold, folds_of, group_names
from model_build.lab.validation.metrics import figures, interval, mean_over_groups, value_of


class Validated(NamedTuple):
    """The scores of all validation recordings, each by the model that was not trained on it."""

    rows: Rows
    """The recordings."""
    scores: Scores
    """Their scores, (recordings, classes)."""
    folds: list[int]
    """The fold of each recording."""
    measured: Measured
    """The figures of all of them together."""


def rows_of(task: Task, side: str) -> Rows:
    """Return the recordings of a side, `train` or `test`."""
    return np.array([n for n, one in enumerate(task.features.examples) if one.side == side], int)


def validated(task: Task, rows: Rows, validation: Validation, pool: Pool) -> Validated:
    """Cross-validate some recordings, and measure all validation recordings together."""
    folds = folds_among(task, rows, validation)
    return measured_folds(task, folds, fold_scores(task, folds, validation.strategy, pool))


def unpruned(task: Task) -> Validated:
    """Return the same as `validated`, for the models of a finished run before they were pruned."""
    validation = task.experiment.validation
    folds = folds_among(task, rows_of(task, "train"), validation)
    return measured_folds(task, folds, unpruned_scores(task, folds, validation.strategy))


def folds_among(task: Task, rows: Rows, validation: Validation) -> list[Fold]:
    """Return the folds of some recordings; raises InputError as `folds_of` does."""
    examples = [task.features.examples[row] for row in rows]
    multi_label = task.experiment.data.multi_label
    return [
        fold._replace(training=rows[fold.training], validation=rows[fold.validation])
        for fold in folds_of(examples, validation, seed=task.seed, multi_label=multi_label)
    ]


def measured_folds(task: Task, folds: Sequence[Fold], scores: Sequence[Scores]) -> Validated:
    """Measure the scores of each fold's validation recordings, and all together."""
    by_fold = [
        _value(task, fold.validation, each) for fold, each in zip(folds, scores, strict=True)
    ]
    rows = np.concatenate([fold.validation for fold in folds])
    numbers = [fold.number for fold in folds for _ in fold.validation]
    together = np.concatenate(scores)
    return Validated(rows, together, numbers, measured(task, rows, together, by_fold))


def measured(
    task: Task, rows: Rows, scores: Scores, by_fold: Sequence[float | None] = ()
) -> Measured:
    """Return the figures of some recordings, and the interval of the experiment's metric."""
    truth, threshold = task.truth.rows(rows), threshold_of(task)
    metric = task.experiment.metric
    found = figures(truth, scores, threshold)
    groups = group_names([task.features.examples[row] for row in rows])
    rng = np.random.default_rng(task.seed)
    between = interval(truth, scores, groups, metric, threshold=threshold, rng=rng)
    return Measured(
        figures=found,
        metric=metric,
        value=value_of(found, metric),
        interval=between,
        folds=list(by_fold),
        mean_over_groups=mean_over_groups(truth, scores, groups, metric, threshold=threshold),
    )


def threshold_of(task: Task) -> float | None:
    """Return the score from which a class is predicted; None for the highest score."""
    experiment = task.experiment
    return experiment.validation.threshold if experiment.data.multi_label else None


def _value(task: Task, rows: Rows, scores: Scores) -> float | None:
    found = figures(task.truth.rows(rows), scores, threshold_of(task))
    return value_of(found, task.experiment.metric)
