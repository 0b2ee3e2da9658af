"""The commands of the lab: check, data, run, compare, serve, predict, export and others."""

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from model_build import lab_stages
from model_build.commands.options import Commands, add_command, add_workers_argument, count

if TYPE_CHECKING:
    from model_build.lab.experiment.changes import Changes

ABOUT = """\
Trains and compares models of any labelled recordings. An experiment is one YAML file that
states the data, the front end, the model, its training and how it is validated.
"""
EXAMPLES = """\
examples:
  timbrel-build lab check drums.yaml
  timbrel-build lab data drums.yaml
  timbrel-build lab run drums.yaml
  timbrel-build lab compare runs/lab/drums-*/
  timbrel-build lab serve
  timbrel-build lab predict runs/lab/drums-forest kick.wav snare.wav
  timbrel-build lab export runs/lab/drums-cnn
"""


def add_lab(commands: Commands) -> None:
    """Add `timbrel-build lab` and its commands."""
    lab = commands.add_parser(
        "lab",
        help="experiments on any labelled recordings",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parts = lab.add_subparsers(metavar="COMMAND", required=True)
    _add_check(parts)
    _add_data(parts)
    _add_run(parts)
    _add_compare(parts)
    _add_serve(parts)
    _add_predict(parts)
    _add_export(parts)
    _add_import_h2o(parts)
    add_command(
        parts,
        "schema",
        "print the JSON schema of an experiment file, with every key, for editors",
        lambda _options: lab_stages.schema(),
    )


def _add_check(parts: Commands) -> None:
    command = add_command(
        parts,
        "check",
        "validate experiment files and show what they come to",
        lambda options: lab_stages.check(options.files, _changes(options)),
    )
    _add_experiments(command)


def _add_data(parts: Commands) -> None:
    command = add_command(
        parts,
        "data",
        "inspect the recordings: duplicates, doubtful labels, shortcuts; write a page",
        lambda options: lab_stages.data(options.files, _changes(options), options.workers),
    )
    _add_experiments(command)
    add_workers_argument(command)


def _add_run(parts: Commands) -> None:
    command = add_command(
        parts,
        "run",
        "run experiments, and continue interrupted ones",
        lambda options: lab_stages.run(
            options.files, _changes(options), options.workers, options.scheduler
        ),
    )
    command.set_defaults(continues=True)
    _add_experiments(command)
    add_workers_argument(command)
    command.add_argument(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="the scheduler of a Dask cluster that does the work, such as tcp://HOST:8786, instead "
        "of processes on this machine",
    )


def _add_compare(parts: Commands) -> None:
    command = add_command(
        parts,
        "compare",
        "print the figures of runs side by side, and write a page that overlays them",
        lambda options: lab_stages.compare(options.runs),
    )
    command.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of runs")


def _add_serve(parts: Commands) -> None:
    command = add_command(
        parts,
        "serve",
        "show the pages of all runs on this machine, with live curves while training",
        lambda options: lab_stages.serve(options.folder, options.port),
    )
    command.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("runs/lab"),
        metavar="RUNS",
        help="the folder of all runs (default: %(default)s)",
    )
    command.add_argument(
        "--port", type=count, default=8_098, metavar="PORT", help="the port (default: %(default)s)"
    )


def _add_predict(parts: Commands) -> None:
    command = add_command(
        parts,
        "predict",
        "score recordings with the final model of a run, as CSV",
        lambda options: lab_stages.predict(options.run, options.files, options.output),
    )
    command.add_argument("run", type=Path, metavar="RUN", help="the folder of the run")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="recordings")
    command.add_argument(
        "--output", type=Path, metavar="CSV", help="the table (default: standard output)"
    )


def _add_export(parts: Commands) -> None:
    command = add_command(
        parts,
        "export",
        "write the final model of a run as a model file for timbrel",
        lambda options: lab_stages.export(options.run, options.output),
    )
    command.add_argument("run", type=Path, metavar="RUN", help="the folder of the run")
    command.add_argument(
        "--output", type=Path, metavar="FILE", help="the model file (default: RUN/NAME.tflite)"
    )


def _add_import_h2o(parts: Commands) -> None:
    command = add_command(
        parts,
        "import-h2o",
        "print an experiment of H2O Hydrogen Torch as one of the lab",
        lambda options: lab_stages.import_h2o(options.file),
    )
    command.add_argument("file", type=Path, metavar="FILE", help="the exported YAML file")


def _add_experiments(command: ArgumentParser) -> None:
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="experiment files")
    command.add_argument("--data", metavar="PATH", help="the data, if not at data.path of the file")
    command.add_argument(
        "--test-data", metavar="PATH", help="the test data, if not at data.test_path"
    )
    command.add_argument(
        "--data-from",
        type=Path,
        metavar="OTHER",
        help="use the section `data` of another experiment file; the run is named NAME-on-OTHER",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="another value of a key, such as training.epochs=5; may be repeated",
    )
    command.add_argument(
        "--sample",
        action="store_true",
        help="test file and data quickly: two folds, one epoch, short chunks; the figures mean "
        "nothing",
    )


def _changes(options: Namespace) -> "Changes":
    from model_build.lab.experiment.changes import Changes

    return Changes(
        path=options.data,
        test_path=options.test_data,
        is_sample=options.sample,
        data_from=options.data_from,
        assignments=options.set,
    )
