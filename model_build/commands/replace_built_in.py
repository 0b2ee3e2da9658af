"""The command that replaces the model that Timbrel ships with: replace-built-in."""

from argparse import Namespace
from pathlib import Path

from model_build import stages
from model_build.commands.options import Commands, add_command


def add_replace_built_in(commands: Commands) -> None:
    """Add `timbrel-build replace-built-in`."""
    sentence = "make a run's model the built-in one"
    command = add_command(
        commands,
        "replace-built-in",
        sentence,
        _call_replace_built_in,
        description=f"{sentence.capitalize()}: show the figures of both side by side, ask, and "
        "replace the built-in model and the file of its figures.",
    )
    command.add_argument("run", type=Path, metavar="RUN", help="the run folder")
    command.add_argument("--yes", action="store_true", help="do not ask")


def _call_replace_built_in(options: Namespace) -> None:
    stages.replace_built_in(options.run, is_confirmed=options.yes)
