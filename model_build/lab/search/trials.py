"""Run one trial of a search, as a task of the executor."""

from typing import NamedTuple

from daemon.errors import InputError
from model_build.lab.executor.log_prefix import log_prefix
from model_build.lab.executor.pool import InThisProcess, Pool
from model_build.lab.run.folds_run import Task
from model_build.lab.run.lab_run import Measured
from model_build.lab.run.training_set import Rows
from model_build.lab.run.validated import validated


class Job(NamedTuple):
    """A trial that can be run in any process."""

    name: str
    """What its log lines begin with."""
    task: Task | None
    """The experiment with the values of the trial; None if they contradict each other."""
    rows: Rows
    """The recordings to cross-validate on."""
    problem: str = ""
    """Why there is no task."""


class Outcome(NamedTuple):
    """The figure of a trial."""

    measured: Measured | None
    """Its figures; None if the trial failed."""
    problem: str = ""
    """Why it failed."""


def run_job(job: Job) -> Outcome:
    """Cross-validate a trial in this process; folds that are finished are reused."""
    if job.task is None:
        return Outcome(None, job.problem)
    try:
        with log_prefix(f"{job.name}: "):
            alone = Pool(InThisProcess(), 1)
            found = validated(job.task, job.rows, job.task.experiment.validation, alone)
    except InputError as error:
        return Outcome(None, str(error))
    return Outcome(found.measured)
