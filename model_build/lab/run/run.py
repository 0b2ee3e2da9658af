"""Run an experiment from its file to its figures."""

import time
from collections import Counter
from collections.abc import Hashable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from daemon.system.files.whole_file import whole_file
from model_build.corpus.formats.labelled import Labelled
from model_build.lab.data.recordings import why_no_test_figure
from model_build.lab.data.usable import near_duplicates_among
from model_build.lab.executor.pool import Pool, Workers, open_pool
from model_build.lab.experiment import Experiment, Validation
from model_build.lab.models.model import Scores
from model_build.lab.models.starting_weights import check_starting_files
from model_build.lab.pruning.cost_file import read_cost_file
from model_build.lab.run.duplicates import duplicate_notes
from model_build.lab.run.folds_run import Task, fit_all
from model_build.lab.run.lab_run import (
    LabRun,
    Measured,
    Pruned,
    Record,
    Started,
    run_of,
    write_struct,
)
from model_build.lab.run.leak import leak_of
from model_build.lab.run.notes import notes_on
from model_build.lab.run.open_task import open_recordings, open_task
from model_build.lab.run.predictions import write_predictions
from model_build.lab.run.provenance import git_state, versions
from model_build.lab.run.training_set import Rows
from model_build.lab.run.validated import (
    Validated,
    folds_among,
    measured,
    rows_of,
    threshold_of,
    unpruned,
    validated,
)
from model_build.lab.validation.folds import Fold
from model_build.lab.validation.thresholds import best_thresholds

_MOST_SEED = 2**31


def run_experiment(
    experiment: Experiment, file: Path, workers: Workers = None, notes: Sequence[str] = ()
) -> Record:
    """Run an experiment; return its record, which is also in the run folder.

    `file` is where it was read; `notes` become the first remarks of the record. Folds that an
    interrupted run has finished are not fitted again. Raises InputError if the experiment or its
    data cannot be used.
    """
    began = time.monotonic()
    text = file.read_bytes()
    check_starting_files(experiment.model)
    run = run_of(experiment)
    with open_pool(workers) as pool:
        labelled = open_recordings(experiment, run, pool)
        seed = start(experiment, run)
        task = open_task(experiment, labelled, run, pool, seed=seed)
        record = _record(task, labelled, file, pool)
    seconds = round(time.monotonic() - began, 1)
    record = msgspec.structs.replace(record, notes=[*notes, *record.notes], seconds=seconds)
    with whole_file(run.folder / "experiment.yaml") as fresh:
        fresh.write_bytes(text)
    write_struct(run.record, record)
    run.started.unlink()
    return record


def start(experiment: Experiment, run: LabRun) -> int:
    """Make the run folder, and return the seed of the run.

    A seed that is drawn is that of the interrupted run or ablation, if there is one.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    seed = experiment.seed
    if seed < 0:
        seed = int(np.random.default_rng().integers(_MOST_SEED - 1_000))
        for file in filter(Path.is_file, (run.ablating, run.started)):
            before = msgspec.json.decode(file.read_bytes(), type=Started)
            if before.experiment_sha256 == experiment.sha256:
                seed = before.seed
    write_struct(run.started, Started(experiment.sha256, seed))
    return seed


def _record(task: Task, labelled: Labelled, file: Path, pool: Pool) -> Record:
    experiment, features = task.experiment, task.features
    train = rows_of(task, "train")
    used = Labelled(features.examples, labelled.left + features.left)
    tested = _fitted(task, used, pool)
    found = validated(task, train, experiment.validation, pool)
    _write(task, task.run.predictions, found.rows, found.scores, found.folds)
    random, leak = None, None
    sounds: Sequence[Hashable] = features.sounds
    if experiment.validation.leak_check:
        at_random = validated(task, train, _at_random(experiment), pool)
        near = near_duplicates_among(
            features.examples, experiment.data, task.run.folder.parent, pool
        )
        random, leak = at_random.measured, leak_of(task, at_random, near)
        sounds = near.clusters.tolist()
    sides = Counter(one.side for one in used.examples)
    return Record(
        experiment=experiment,
        seed=task.seed,
        versions=versions(),
        git=git_state(file.resolve().parent),
        data_sha256=features.sha256,
        classes=task.truth.classes,
        clips={"train": sides["train"], "test": sides["test"]},
        left=dict(Counter(one.reason for one in used.left).most_common()),
        notes=[
            *notes_on(task.truth, used, experiment.validation),
            *duplicate_notes(features.examples, sounds),
        ],
        validation=found.measured,
        random=random,
        test=tested,
        seconds=0.0,
        pruned=_pruned(task) if experiment.pruning else None,
        leak=leak,
        thresholds=_thresholds(task, found),
    )


def _thresholds(task: Task, found: Validated) -> list[float] | None:
    if task.experiment.output.thresholds == "validation":
        return None
    default = task.experiment.validation.threshold
    return best_thresholds(task.truth.rows(found.rows), found.scores, default)


def _at_random(experiment: Experiment) -> Validation:
    """Return the validation of the leak check."""
    return msgspec.structs.replace(experiment.validation, strategy="k-fold", leak_check=False)


def _fitted(task: Task, used: Labelled, pool: Pool) -> Measured | None:
    """Fit the models of all folds and the final one; measure the latter on the test recordings."""
    train, test = rows_of(task, "train"), rows_of(task, "test")
    if why_no_test_figure(used):
        test = test[:0]
    asked = [task.experiment.validation]
    if task.experiment.validation.leak_check:
        asked.append(_at_random(task.experiment))
    plans = [(one.strategy, folds_among(task, train, one)) for one in asked]
    scores = fit_all(task, plans, Fold(0, train, test), pool)
    if not len(test):
        # Otherwise the scores of an earlier state of the data would stay.
        task.run.test_predictions.unlink(missing_ok=True)
        return None
    _write(task, task.run.test_predictions, test, scores, ["test"] * len(test))
    return measured(task, test, scores)


def _pruned(task: Task) -> Pruned:
    """Return what pruning changed, once the folds and the final model are there."""
    before, after = read_cost_file(task.run.model)
    return Pruned(unpruned(task).measured, before, after)


def _write(
    task: Task, path: Path, rows: Rows, scores: Scores, folds: list[int] | list[str]
) -> None:
    write_predictions(
        path,
        [task.features.examples[row] for row in rows],
        scores,
        task.truth.classes,
        folds=folds,
        threshold=threshold_of(task),
    )
