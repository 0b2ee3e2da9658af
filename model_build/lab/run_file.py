"""Run what an experiment file asks for: one experiment, a search, or an ablation."""

from pathlib import Path

from model_build.lab.ablation.ablation import ablate
from model_build.lab.ablation.table import ablation_lines
from model_build.lab.executor.pool import Pool
from model_build.lab.experiment import Experiment
from model_build.lab.run.alone import alone_in
from model_build.lab.run.lab_run import run_of
from model_build.lab.run.run import run_experiment
from model_build.lab.run.table import record_lines


def run_file(experiment: Experiment, file: Path, pool: Pool) -> str:
    """Run an experiment that was read from `file`; return what it found, in a few lines.

    Raises InputError if the experiment or its data cannot be used, or if another command is running
    it.
    """
    with alone_in(run_of(experiment)):
        return _run(experiment, file, pool)


def _run(experiment: Experiment, file: Path, pool: Pool) -> str:
    if experiment.search:
        from model_build.lab.search.search import search
        from model_build.lab.search.table import search_lines

        found, record = search(experiment, file, pool)
        return f"{search_lines(found)}\n{record_lines(record)}"
    record = run_experiment(experiment, file, pool)
    if not experiment.ablate:
        return record_lines(record)
    return f"{record_lines(record)}\n{ablation_lines(ablate(experiment, record, pool))}"
