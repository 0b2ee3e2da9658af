"""The command that makes the harmoniser's model: harmony."""

import os
from argparse import Namespace
from pathlib import Path

from model_build import stages
from model_build.commands.options import Commands, add_command, add_workers_argument

_DEFAULT_RECIPE = Path("configs/recipe-harmony.yaml")


def add_harmony(commands: Commands) -> None:
    """Add `timbrel-build harmony`."""
    sentence = "make and measure the model of timbrel harmonise"
    command = add_command(commands, "harmony", sentence, _call_harmony)
    command.add_argument(
        "--recipe",
        type=Path,
        default=_DEFAULT_RECIPE,
        metavar="FILE",
        help="the run's settings (default: %(default)s)",
    )
    practice = os.environ.get("TIMBREL_PRACTICE")
    command.add_argument(
        "--data",
        type=Path,
        default=Path(practice, "harmony") if practice else None,
        metavar="DIR",
        help="the folder of jsb-chorales-16th.json.gz and js-fakes (default: harmony in "
        "TIMBREL_PRACTICE)",
    )
    command.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="the run folder; what it already contains for the same settings is not fitted again "
        "(default: runs/ and the recipe's name)",
    )
    command.add_argument(
        "--output", type=Path, metavar="FILE", help="also copy the model to this file"
    )
    add_workers_argument(command)


def _call_harmony(options: Namespace) -> None:
    stages.harmony(
        options.recipe, options.data, options.run, output=options.output, workers=options.workers
    )
