"""How much of the figure with folds at random comes from near-duplicates."""

from collections import defaultdict

import numpy as np

from model_build.lab.data.near_duplicates import NearDuplicates
from model_build.lab.run.folds_run import Task
from model_build.lab.run.lab_run import Leak
from model_build.lab.run.validated import Validated, rows_of, threshold_of
from model_build.lab.validation.metrics import figures, value_of

_MOST_PAIRS = 200


def leak_of(task: Task, random: Validated, near: NearDuplicates) -> Leak:
    """Return how much folds at random profit from the near-duplicates among all recordings."""
    examples = task.features.examples
    members: dict[int, list[int]] = defaultdict(list)
    for row in rows_of(task, "train").tolist():
        members[int(near.clusters[row])].append(row)
    # If only some folds are validated, the recordings of the others are always in training.
    fold_of = dict(zip(random.rows.tolist(), random.folds, strict=True))
    twins = [
        next((n for n in members[int(near.clusters[row])] if fold_of.get(n) != fold), None)
        for row, fold in fold_of.items()
    ]
    repeated = np.array([twin is not None for twin in twins])
    pairs = [
        (examples[row].name, examples[twin].name)
        for row, twin in zip(fold_of, twins, strict=True)
        if twin is not None
    ]
    return Leak(
        len(repeated),
        int(repeated.sum()),
        _value(task, random, np.flatnonzero(repeated)),
        _value(task, random, np.flatnonzero(~repeated)),
        pairs[:_MOST_PAIRS],
    )


def _value(
    task: Task, found: Validated, places: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> float | None:
    if not len(places):
        return None
    measured = figures(
        task.truth.rows(found.rows[places]), found.scores[places], threshold_of(task)
    )
    return value_of(measured, task.experiment.metric)
