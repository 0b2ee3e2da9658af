"""timbrel-build: arguments in, the stages of one run called, an exit code out."""

import argparse
import errno
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.errors import InputError
from model_build import stages

if TYPE_CHECKING:
    from collections.abc import Callable

ABOUT = """\
Makes Timbrel's model file from a corpus of labelled recordings.

A run follows a recipe (see configs/) and leaves what it makes in a run folder, so that
each stage can be repeated by itself. In order:

  features    clips -> rooms, noise, microphones -> patches of log-mel frames on disk
  train       patches -> a fitted network; the part of the clips held back ends it
  quantize    the network -> a full-int8 .tflite, and how far its scores moved
  thresholds  held-back windows -> calibration and a threshold for each family
  evaluate    any model file -> its figures on the corpus' dev clips
  all         all of it, and the model file copied to where the daemon looks for it
"""
EXAMPLES = """\
examples:
  export TIMBREL_CORPUS=~/corpus
  timbrel-build all --recipe configs/recipe-small.yaml
  timbrel-build train --recipe configs/recipe-small.yaml --resume
  timbrel-build evaluate daemon/models/timbrel.tflite --peer yamnet.tflite --json figures.json
"""
OK, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
DEFAULT_RECIPE = Path("configs/recipe-small.yaml")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    # TensorFlow greets with a page of C++ log lines otherwise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stage: Callable[[argparse.Namespace], None] = options.stage
    try:
        stage(options)
    except InputError as error:
        print(f"timbrel-build: {error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("timbrel-build: the disk is full; make room, or name another --run", file=sys.stderr)
        return FAILED
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "timbrel-build",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="STAGE", required=True)
    for name, stage, sentence in (
        ("features", stages.features, "make the patches that the network learns from"),
        ("train", stages.train, "fit the network"),
        ("quantize", stages.quantize, "turn the fitted network into an int8 .tflite"),
        ("thresholds", stages.thresholds, "calibrate and set each family's threshold"),
        ("all", stages.everything, "run all stages and put the model in its place"),
    ):
        command = commands.add_parser(name, help=sentence, description=f"{sentence}.".capitalize())
        command.set_defaults(stage=stage)
        _add_run_arguments(command)
        if name in {"features", "all"}:
            _add_corpus_argument(command)
            command.add_argument(
                "--workers",
                type=_count,
                metavar="N",
                help="processes that make features (default: one a core)",
            )
        if name in {"train", "all"}:
            command.add_argument(
                "--resume",
                action="store_true",
                help="go on after the last whole epoch of an interrupted training",
            )
        if name == "all":
            command.add_argument(
                "--output",
                type=Path,
                default=stages.BUILT_IN_MODEL,
                metavar="FILE",
                help="the model file (default: %(default)s); its "
                "figures go beside it, with the suffix .json",
            )
    _add_evaluate(commands)
    return parser


def _add_evaluate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sentence = "measure a model file on the corpus' dev clips"
    command = commands.add_parser(
        "evaluate", help=sentence, description=f"{sentence}.".capitalize()
    )
    command.set_defaults(stage=stages.evaluate)
    command.add_argument("model", type=Path, metavar="MODEL", help="a model file of ours")
    _add_corpus_argument(command)
    command.add_argument("--peer", type=Path, metavar="YAMNET", help="measure this one too")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")


def _add_run_arguments(command: argparse.ArgumentParser) -> None:
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
    base = os.environ.get("TIMBREL_YAMNET")
    command.add_argument(
        "--base",
        type=Path,
        default=Path(base) if base else None,
        metavar="YAMNET",
        help="YAMNet's .tflite, for recipes that start from it (default: TIMBREL_YAMNET)",
    )


def _add_corpus_argument(command: argparse.ArgumentParser) -> None:
    corpus = os.environ.get("TIMBREL_CORPUS")
    command.add_argument(
        "--corpus",
        type=Path,
        default=Path(corpus) if corpus else None,
        metavar="DIR",
        help="the folder of manifest.csv (default: TIMBREL_CORPUS)",
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
