"""Run an experiment from its file to its figures."""

import shutil
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from model_build.corpus.formats.labelled import Labelled
from model_build.lab.data.recordings import why_no_test_figure
from model_build.lab.data.usable import usable_recordings
from model_build.lab.experiment import Experiment, Validation
from model_build.lab.features.store import Features, make_features
from model_build.lab.features.truth import truth_of
from model_build.lab.models.model import Scores
from model_build.lab.run.duplicates import duplicate_notes
from model_build.lab.run.folds_run import Task, final_model, fold_scores
from model_build.lab.run.lab_run import (
    LabRun,
    Measured,
    Record,
    Started,
    run_of,
    write_struct,
)
from model_build.lab.run.notes import notes_on
from model_build.lab.run.predictions import write_predictions
from model_build.lab.run.provenance import git_state, versions
from model_build.lab.run.training_set import Rows, scores_of
from model_build.lab.validation.folds import folds_of, group_names
from model_build.lab.validation.metrics import figures, interval, value_of

_MOST_SEED = 2**31


class _Validated(NamedTuple):
    rows: Rows
    scores: Scores
    folds: list[int]
    measured: Measured


def run_experiment(experiment: Experiment, file: Path, workers: int | None = None) -> Record:
    """Run an experiment; return its record, which is also in the run folder.

    `file` is where it was read. Folds that an interrupted run has finished are not fitted again.
    Raises InputError if the experiment or its data cannot be used.
    """
    began = time.monotonic()
    run = run_of(experiment)
    labelled = usable_recordings(experiment.data, run.folder.parent, workers)
    features = make_features(
        labelled.examples, experiment.front_end, run.folder.parent / "features", workers
    )
    task = _task(experiment, labelled, features, run)
    record = _record(task, labelled, file, began)
    shutil.copyfile(file, run.folder / "experiment.yaml")
    write_struct(run.record, record)
    run.started.unlink()
    return record


def _task(experiment: Experiment, labelled: Labelled, features: Features, run: LabRun) -> Task:
    run.folder.mkdir(parents=True, exist_ok=True)
    used = Labelled(features.examples, labelled.left)
    seed = _seed(experiment, run)
    return Task(experiment, seed, features, truth_of(features.examples, used.classes), run)


def _seed(experiment: Experiment, run: LabRun) -> int:
    """Return the seed; one that is drawn is that of the interrupted run, if there is one."""
    seed = experiment.seed
    if seed < 0:
        seed = int(np.random.default_rng().integers(_MOST_SEED - 1_000))
        if run.started.is_file():
            before = msgspec.json.decode(run.started.read_bytes(), type=Started)
            if before.experiment_sha256 == experiment.sha256:
                seed = before.seed
    write_struct(run.started, Started(experiment.sha256, seed))
    return seed


def _record(task: Task, labelled: Labelled, file: Path, began: float) -> Record:
    experiment, features = task.experiment, task.features
    validated = _validated(task, experiment.validation)
    _write(task, task.run.predictions, validated.rows, validated.scores, validated.folds)
    random = None
    if experiment.validation.leak_check:
        again = msgspec.structs.replace(experiment.validation, strategy="k-fold", leak_check=False)
        random = _validated(task, again).measured
    used = Labelled(features.examples, labelled.left + features.left)
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
            *duplicate_notes(features.examples, features.sounds),
        ],
        validation=validated.measured,
        random=random,
        test=_tested(task, used),
        seconds=round(time.monotonic() - began, 1),
    )


def _side(task: Task, side: str) -> Rows:
    return np.array([n for n, one in enumerate(task.features.examples) if one.side == side], int)


def _validated(task: Task, validation: Validation) -> _Validated:
    """Cross-validate, and measure all validation recordings together."""
    train = _side(task, "train")
    examples = [task.features.examples[row] for row in train]
    multi_label = task.experiment.data.multi_label
    folds = [
        fold._replace(training=train[fold.training], validation=train[fold.validation])
        for fold in folds_of(examples, validation, seed=task.seed, multi_label=multi_label)
    ]
    scores = fold_scores(task, folds, validation.strategy)
    by_fold = [
        _value(task, fold.validation, each) for fold, each in zip(folds, scores, strict=True)
    ]
    rows = np.concatenate([fold.validation for fold in folds])
    numbers = [fold.number for fold in folds for _ in fold.validation]
    together = np.concatenate(scores)
    return _Validated(rows, together, numbers, _measured(task, rows, together, by_fold))


def _tested(task: Task, used: Labelled) -> Measured | None:
    """Fit the final model to all training recordings; measure it on those of the test."""
    model = final_model(task, _side(task, "train"))
    rows = _side(task, "test")
    if not len(rows) or why_no_test_figure(used):
        return None
    scores = scores_of(model, task.features, rows)
    _write(task, task.run.test_predictions, rows, scores, ["test"] * len(rows))
    return _measured(task, rows, scores, [])


def _threshold(task: Task) -> float | None:
    experiment = task.experiment
    return experiment.validation.threshold if experiment.data.multi_label else None


def _value(task: Task, rows: Rows, scores: Scores) -> float | None:
    found = figures(task.truth.rows(rows), scores, _threshold(task))
    return value_of(found, task.experiment.validation.metric)


def _measured(task: Task, rows: Rows, scores: Scores, by_fold: list[float | None]) -> Measured:
    truth, threshold = task.truth.rows(rows), _threshold(task)
    metric = task.experiment.validation.metric
    found = figures(truth, scores, threshold)
    groups = group_names([task.features.examples[row] for row in rows])
    rng = np.random.default_rng(task.seed)
    between = interval(truth, scores, groups, metric, threshold=threshold, rng=rng)
    return Measured(found, metric, value_of(found, metric), between, by_fold)


def _write(
    task: Task, path: Path, rows: Rows, scores: Scores, folds: list[int] | list[str]
) -> None:
    write_predictions(
        path,
        [task.features.examples[row] for row in rows],
        scores,
        task.truth.classes,
        folds=folds,
        threshold=_threshold(task),
    )
