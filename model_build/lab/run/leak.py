"""How much of the figure with folds at random comes from near-duplicates."""

from collections import defaultdict

import numpy as np

from model_build.lab.data.usable import found_near_duplicates
from model_build.lab.executor.pool import Pool
from model_build.lab.run.folds_run import Task
from model_build.lab.run.lab_run import Leak
from model_build.lab.run.validated import Validated, threshold_of
from model_build.lab.validation.metrics import figures, value_of

_MOST_PAIRS = 200


def leak_of(task: Task, random: Validated, pool: Pool) -> Leak:
    """Return how much folds at random profit from near-duplicates."""
    examples = task.features.examples
    near = found_near_duplicates(examples, task.run.folder.parent, pool)
    clusters = near.clusters[random.rows]
    members: dict[int, list[int]] = defaultdict(list)
    for place, cluster in enumerate(clusters.tolist()):
        members[cluster].append(place)
    twins = [
        next((n for n in members[cluster] if random.folds[n] != fold), None)
        for cluster, fold in zip(clusters.tolist(), random.folds, strict=True)
    ]
    repeated = np.array([twin is not None for twin in twins])
    names = [examples[row].name for row in random.rows]
    pairs = [(names[place], names[n]) for place, n in enumerate(twins) if n is not None]
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
    return value_of(measured, task.experiment.validation.metric)
