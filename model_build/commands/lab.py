"""The commands of the lab: lab check, lab schema."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from model_build import stages
from model_build.commands.options import Commands, add_command

ABOUT = """\
Trains and compares models of any labelled recordings. An experiment is one YAML file that
states the data, the front end, the model, its training and how it is validated.
"""


def add_lab(commands: Commands) -> None:
    """Add `timbrel-build lab` and its commands."""
    lab = commands.add_parser(
        "lab",
        help="experiments on any labelled recordings",
        description=ABOUT,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parts = lab.add_subparsers(metavar="COMMAND", required=True)
    _add_check(parts)
    add_command(
        parts,
        "schema",
        "print the JSON schema of an experiment file, with every key, for editors",
        lambda _options: stages.lab_schema(),
    )


def _add_check(parts: Commands) -> None:
    command = add_command(
        parts,
        "check",
        "validate experiment files and show what they come to",
        lambda options: stages.lab_check(options.files),
    )
    _add_files(command)


def _add_files(command: ArgumentParser) -> None:
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="experiment files")
