"""Repeat an experiment without each of its named parts."""

import logging
from typing import NamedTuple

import msgspec
import numpy as np

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Labelled
from model_build.lab.ablation.difference import difference_interval
from model_build.lab.data.usable import usable_recordings
from model_build.lab.executor.pool import Pool, Workers, open_pool
from model_build.lab.experiment import Ablated, Experiment
from model_build.lab.experiment.replaced import replaced
from model_build.lab.experiment.variations import plain
from model_build.lab.run.folds_run import Task
from model_build.lab.run.lab_run import LabRun, Record, Started, run_of, write_struct
from model_build.lab.run.open_task import open_task
from model_build.lab.run.validated import Validated, rows_of, threshold_of, validated
from model_build.lab.validation.folds import group_names

log = logging.getLogger(__name__)


class Part(msgspec.Struct, frozen=True):
    """The experiment without one part."""

    name: str
    """The name in the file."""
    change: Ablated
    """What is removed or replaced."""
    value: float | None
    """The figure without the part; None if there is none."""
    difference: float | None = None
    """This figure minus that of the whole experiment."""
    interval: tuple[float, float] | None = None
    """95 % interval of the difference, by bootstrap over the groups, on the same recordings."""
    problem: str = ""
    """Why there is no figure."""


class Ablation(msgspec.Struct, frozen=True):
    """What each part contributes."""

    metric: str
    """The figure."""
    whole: float | None
    """The figure of the whole experiment."""
    parts: list[Part]
    """The experiment without each part, in the order of the file."""


class _Whole(NamedTuple):
    task: Task
    found: Validated
    labelled: Labelled
    pool: Pool


def ablate(experiment: Experiment, record: Record, workers: Workers = None) -> Ablation:
    """Cross-validate an experiment without each part of `ablate`, on the same folds.

    `record` is that of the whole experiment, which has been run. Writes `ablation.json` to its run
    folder after each part; an interrupted ablation continues with the folds that are finished.
    """
    run = run_of(experiment)
    with open_pool(workers) as pool:
        labelled = usable_recordings(experiment.data, run.folder.parent, pool)
        task = open_task(experiment, labelled, run, pool, seed=record.seed)
        found = validated(task, rows_of(task, "train"), experiment.validation, pool)
        whole = _Whole(task, found, labelled, pool)
        run.ablating.parent.mkdir(exist_ok=True)
        write_struct(run.ablating, Started(experiment.sha256, record.seed))
        made = Ablation(found.measured.metric, found.measured.value, [])
        for number, (name, change) in enumerate(experiment.ablate.items(), 1):
            log.info("ablation %d of %d: %s", number, len(experiment.ablate), name)
            made.parts.append(_part(whole, name, change))
            write_struct(run.folder / "ablation.json", made)
    run.ablating.unlink()
    return made


def _part(whole: _Whole, name: str, change: Ablated) -> Part:
    try:
        found = _without(whole, change)
    except InputError as error:
        return Part(name, change, None, problem=str(error))
    before, after = whole.found.measured.value, found.measured.value
    if before is None or after is None:
        return Part(name, change, after)
    return Part(name, change, after, after - before, _interval(whole, found))


def _without(whole: _Whole, change: Ablated) -> Validated:
    task = whole.task
    experiment = replaced(plain(task.experiment), change.replace, change.remove)
    run = LabRun(task.run.folder / "ablation" / experiment.sha256[:16])
    other = open_task(experiment, whole.labelled, run, whole.pool, seed=task.seed, like=task)
    return validated(other, rows_of(other, "train"), experiment.validation, whole.pool)


def _interval(whole: _Whole, found: Validated) -> tuple[float, float] | None:
    task, rows = whole.task, whole.found.rows
    return difference_interval(
        task.truth.rows(rows),
        (whole.found.scores, found.scores),
        group_names([task.features.examples[row] for row in rows]),
        whole.found.measured.metric,
        threshold=threshold_of(task),
        rng=np.random.default_rng(task.seed),
    )
