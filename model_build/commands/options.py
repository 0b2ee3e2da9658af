"""Arguments that several commands share, and the types of their values."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001

DEFAULT_RECIPE = Path("configs/recipe-default.yaml")
OPTIONAL_CORPUS = (
    "; optional if the recipe renders its own corpus, and then used for measuring only"
)
"""The remark of `add_corpus_argument` for commands that follow a recipe."""


def add_command(
    commands: Commands,
    name: str,
    sentence: str,
    call: Callable[[argparse.Namespace], None],
    *,
    description: str | None = None,
) -> argparse.ArgumentParser:
    """Add a command that runs `call`; `sentence` describes it in the list of commands."""
    command = commands.add_parser(
        name, help=sentence, description=description or f"{sentence[0].upper()}{sentence[1:]}."
    )
    command.set_defaults(call=call)
    return command


def add_base_argument(command: argparse.ArgumentParser, what: str) -> None:
    """Add `--base`; `what` says what YAMNet's file is used for."""
    base = os.environ.get("TIMBREL_YAMNET")
    command.add_argument(
        "--base",
        type=Path,
        default=Path(base) if base else None,
        metavar="YAMNET",
        help=f"{what} (default: TIMBREL_YAMNET)",
    )


def add_run_arguments(command: argparse.ArgumentParser) -> None:
    """Add --recipe, --run and --base."""
    command.add_argument(
        "--recipe",
        type=Path,
        default=DEFAULT_RECIPE,
        metavar="FILE",
        help="the run's settings (default: %(default)s)",
    )
    command.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="the run folder (default: runs/ and the recipe's name)",
    )
    add_base_argument(
        command,
        "YAMNet's .tflite: the start of recipes with a `teaching:` section, and the peer that the "
        "model is compared with",
    )


def add_practice_arguments(command: argparse.ArgumentParser) -> None:
    """Add --practice and --peers."""
    for name, what in (
        ("practice", "the folder of annotated recordings"),
        ("peers", "the folder of basic_pitch.tflite and swift_f0.onnx; optional"),
    ):
        variable = f"TIMBREL_{name.upper()}"
        value = os.environ.get(variable)
        command.add_argument(
            f"--{name}",
            type=Path,
            default=Path(value) if value else None,
            metavar="DIR",
            help=f"{what} (default: {variable})",
        )


def add_corpus_argument(command: argparse.ArgumentParser, remark: str = "") -> None:
    """Add --corpus; `remark` is appended to its help."""
    corpus = os.environ.get("TIMBREL_CORPUS")
    command.add_argument(
        "--corpus",
        type=Path,
        default=Path(corpus) if corpus else None,
        metavar="DIR",
        help=f"the folder of manifest.csv (default: TIMBREL_CORPUS){remark}",
    )


def add_workers_argument(command: argparse.ArgumentParser) -> None:
    """Add --workers."""
    command.add_argument(
        "--workers", type=count, metavar="N", help="number of processes (default: one per core)"
    )


def seed(text: str) -> int:
    """Return a number that is not negative; raises ArgumentTypeError otherwise."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is negative")
    return number


def count(text: str) -> int:
    """Return a number of at least 1; raises ArgumentTypeError otherwise."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number
