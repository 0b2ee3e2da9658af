"""The commands of the lab: each does one and prints its results.

Each imports its own implementation when it runs, so that `--help` does not wait for TensorFlow.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daemon.errors import InputError

if TYPE_CHECKING:
    from model_build.lab.executor.pool import Workers
    from model_build.lab.experiment import Experiment
    from model_build.lab.experiment.changes import Changes


def check(files: Sequence[Path], changes: "Changes") -> None:
    """Print what each experiment comes to. Raises InputError with all errors of all files."""
    from model_build.lab.summary import summary

    errors: list[str] = []
    for file in files:
        try:
            print(summary(changes.read(file)))
        except InputError as error:
            errors += error.lines
    if errors:
        raise InputError(*errors)


def schema() -> None:
    """Print the JSON schema of an experiment file."""
    from model_build.lab.experiment.schema import schema

    print(msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode())


def run(
    files: Sequence[Path], changes: "Changes", workers: int | None = None, scheduler: str = ""
) -> None:
    """Run experiments one after the other; print their figures.

    The work is done by a Dask cluster if there is the address of its scheduler, else by processes.
    """
    from model_build.lab.executor.pool import open_pool
    from model_build.lab.run_file import run_file

    experiments = [changes.read(file) for file in files]
    with open_pool(workers, scheduler) as pool:
        for experiment, file in zip(experiments, files, strict=True):
            print(run_file(experiment, file, pool))
            # The files of the page are on this machine.
            _write_run_page(experiment, workers if scheduler else pool)


def _write_run_page(experiment: "Experiment", workers: "Workers") -> None:
    """Write the page of a run and print where it is; without Plotly, print what to do."""
    from model_build.lab.page.write import write_run_page
    from model_build.lab.run.lab_run import run_of

    try:
        print(f"  page: {write_run_page(run_of(experiment), workers)}")
    except InputError as error:
        print(f"  no page: {error}")


def data(files: Sequence[Path], changes: "Changes", workers: int | None = None) -> None:
    """Inspect the recordings of experiments; print what is odd about them, and write a page."""
    from model_build.lab.exploration.exploration import explore
    from model_build.lab.exploration.text import exploration_lines
    from model_build.lab.page.write import write_data_page
    from model_build.lab.run.lab_run import run_of

    for file in files:
        experiment = changes.read(file)
        seen = explore(experiment, workers)
        print(exploration_lines(seen))
        print(f"  page: {write_data_page(seen, run_of(experiment).folder.parent, workers)}")


def compare(runs: Sequence[Path]) -> None:
    """Print the figures of finished runs side by side, and write the page that overlays them."""
    from model_build.lab.page.write import write_comparison
    from model_build.lab.run.comparable import why_not_comparable
    from model_build.lab.run.lab_run import LabRun
    from model_build.lab.run.table import comparison

    compared = [LabRun(run) for run in runs]
    print(comparison([run.read_record() for run in compared]))
    if why := why_not_comparable(compared):
        print(f"note: {why}")
    try:
        print(f"page: {write_comparison(runs)}")
    except InputError as error:
        print(f"no page: {error}")


def serve(folder: Path, port: int) -> None:
    """Serve the pages of a folder of runs on this machine until Ctrl-C."""
    from model_build.lab.page.serve.server import serve

    serve(folder, port)


def predict(run: Path, files: Sequence[Path], output: Path | None) -> None:
    """Write the scores of recordings by a run's final model, to `output` or to standard output."""
    from model_build.lab.run.predict import predict

    predict(run, files, output)


def export(run: Path, output: Path | None) -> None:
    """Write a run's final model as a model file of the daemon; print how well it agrees."""
    from model_build.networks.quiet_keras import import_keras

    import_keras()
    from model_build.lab.export.export import export
    from model_build.lab.export.summary import export_lines

    print(export_lines(export(run, output)))


def import_h2o(file: Path) -> None:
    """Print an experiment of H2O Hydrogen Torch as one of the lab."""
    from model_build.lab.h2o.import_h2o import import_h2o

    print(import_h2o(file).yaml, end="")
