"""Search for the best values of keys, write the best experiment, and run it."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import yaml

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file
from daemon.system.silenced_output import quiet_output
from model_build.corpus.formats.labelled import Labelled
from model_build.lab.executor.pool import Pool, Workers, open_pool, ordered
from model_build.lab.experiment import Experiment, Output, Search, Validation
from model_build.lab.experiment.replaced import replaced
from model_build.lab.experiment.variations import plain
from model_build.lab.run.folds_run import Task, fold_scores
from model_build.lab.run.lab_run import LabRun, Measured, Record, run_of, write_struct
from model_build.lab.run.open_task import open_recordings, open_task
from model_build.lab.run.run import run_experiment, start
from model_build.lab.run.training_set import Rows
from model_build.lab.run.validated import folds_among, measured_folds, rows_of
from model_build.lab.search.found import Found, Trial
from model_build.lab.search.table import search_notes
from model_build.lab.search.trials import Job, Outcome, run_job
from model_build.lab.validation.folds import Fold

if TYPE_CHECKING:
    from model_build.lab.search.oracle import Oracle


class _Place(NamedTuple):
    experiment: Experiment
    """The experiment without `search` and pictures, with the seed of the run."""
    output: Output
    """Where the results of the best trial go, and its pictures."""
    search: Search
    metric: str
    labelled: Labelled
    run: LabRun
    """The folder of the search."""
    pool: Pool
    task: Task
    rest: Rows
    """The recordings that the trials get."""
    held: Rows
    """The recordings that measure the best trial; none if `held_out` is 0."""


def search(experiment: Experiment, file: Path, workers: Workers = None) -> tuple[Found, Record]:
    """Run the trials of an experiment with a section `search`, and then the best one as a whole.

    Writes `search.json` and `best.yaml` to the run folder after each trial. An interrupted search
    continues with the folds that are finished. Raises InputError if the data cannot be used, or if
    no trial has a figure.
    """
    assert experiment.search  # noqa: S101 (for mypy)
    with open_pool(workers) as pool:
        place = _opened(experiment, experiment.search, pool)
        found = _search(place)
        values = _best_values(found)
        if len(place.held):
            found = msgspec.structs.replace(found, held_out=_held_out(place, values))
            _write(place, found)
        record = run_experiment(_best(place, values), file, pool, search_notes(found))
    place.run.started.unlink()
    return found, record


def _opened(experiment: Experiment, search: Search, pool: Pool) -> _Place:
    whole = run_of(experiment)
    run = LabRun(whole.folder / "search")
    labelled = open_recordings(experiment, whole, pool)
    seed = start(experiment, run)
    base = msgspec.structs.replace(plain(experiment), seed=seed)
    task = open_task(base, labelled, run, pool, seed=seed)
    rest, held = rows_of(task, "train"), rows_of(task, "train")[:0]
    if search.held_out:
        validation = Validation(strategy="hold-out", fraction=search.held_out)
        [fold] = folds_among(task, rest, validation)
        rest, held = fold.training, fold.validation
    metric = search.metric or experiment.metric
    return _Place(base, experiment.output, search, metric, labelled, run, pool, task, rest, held)


def _search(place: _Place) -> Found:
    with quiet_output():
        from model_build.lab.search.oracle import Oracle
    # An interrupted search asks again, and finds the folds of its trials: the files that KerasTuner
    # itself would continue with are not needed.
    with tempfile.TemporaryDirectory() as folder:
        oracle = Oracle(
            place.experiment,
            place.search,
            place.metric,
            seed=place.experiment.seed,
            folder=Path(folder),
        )
        return _answered(place, oracle)


def _answered(place: _Place, oracle: "Oracle") -> Found:
    found = Found(place.search.strategy, place.metric, len(place.rest), [], None)
    for wave in oracle.waves():
        # One after the other: the features of a trial may take long, or not fit on the disk.
        jobs = (
            _job(place, f"trial {number}", asked.values)
            for number, asked in enumerate(wave, len(found.trials) + 1)
        )
        outcomes = ordered(place.pool, run_job, jobs, label="trials", total=len(wave))
        for asked, outcome in zip(wave, outcomes, strict=True):
            trial = _trial(asked.values, outcome)
            oracle.tell(asked, trial.value)
            found = _with_trial(found, trial, oracle)
            _write(place, found)
    return found


def _trial(values: dict[str, Any], outcome: Outcome) -> Trial:
    measured = outcome.measured
    if measured is None:
        return Trial(values, None, problem=outcome.problem)
    problem = "" if measured.value is not None else "the figure cannot be computed"
    return Trial(values, measured.value, measured.interval, problem)


def _with_trial(found: Found, trial: Trial, oracle: "Oracle") -> Found:
    trials, best = [*found.trials, trial], found.best
    before = None if best is None else trials[best].value
    if trial.value is not None and (before is None or oracle.is_better(trial.value, before)):
        best = len(trials) - 1
    return msgspec.structs.replace(found, trials=trials, best=best)


def _job(place: _Place, name: str, values: dict[str, Any]) -> Job:
    """Return the task of a trial; its features are computed here if they differ."""
    try:
        experiment = replaced(place.experiment, values)
        run = LabRun(place.run.folder / "trials" / experiment.sha256[:16])
        compared = _compared(place, experiment)
        seed = place.experiment.seed
        task = open_task(compared, place.labelled, run, place.pool, seed=seed, like=place.task)
    except InputError as error:
        return Job(name, None, place.rest, str(error))
    return Job(name, task, place.rest)


def _compared(place: _Place, experiment: Experiment) -> Experiment:
    """Return an experiment that is measured by the metric of the search."""
    validation = msgspec.structs.replace(experiment.validation, metric=place.metric)
    return msgspec.structs.replace(experiment, validation=validation)


def _best(place: _Place, values: dict[str, Any]) -> Experiment:
    """Return the experiment to run as a whole."""
    return msgspec.structs.replace(replaced(place.experiment, values), output=place.output)


def _best_values(found: Found) -> dict[str, Any]:
    if found.best is None:
        problems = {trial.problem for trial in found.trials}
        raise InputError(f"search: no trial has a figure: {'; '.join(sorted(problems))}")
    return found.trials[found.best].values


def _held_out(place: _Place, values: dict[str, Any]) -> Measured:
    """Fit the best trial to all that the trials got, and measure it on the other recordings."""
    best = _compared(place, replaced(place.experiment, values))
    task = open_task(best, place.labelled, place.run, place.pool, seed=place.experiment.seed)
    folds = [Fold(0, place.rest, place.held)]
    scores = fold_scores(task, folds, "held-out", place.pool)
    return measured_folds(task, folds, scores).measured


def _write(place: _Place, found: Found) -> None:
    folder = place.run.folder.parent
    if found.best is not None:
        best = msgspec.to_builtins(_best(place, _best_values(found)))
        text = yaml.safe_dump(best, sort_keys=False, allow_unicode=True)
        head = f"# The best of {len(found.trials)} trials, by {found.metric}.\n"
        with whole_file(folder / "best.yaml") as fresh:
            fresh.write_text(head + text, encoding="utf-8")
    # Last, so that an interruption never leaves a finished trial without the best one.
    write_struct(folder / "search.json", found)
