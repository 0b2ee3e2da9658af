"""timbrel-build: arguments in, the stages of one run called, an exit code out."""

import argparse
import errno
import io
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import __version__
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
  report      a run's figures -> a page to look at, and the model card
  all         all of it; the model file, its figures and the report are in the run folder

Then, to make the new model the one that Timbrel ships with:

  replace-built-in   show its figures beside those of the built-in model, ask, and replace it

Without recordings:

  render      instruments by FluidSynth, voices by espeak-ng, noise -> a corpus; a recipe
              with `rendering:` does it by itself
"""
EXAMPLES = """\
examples:
  export TIMBREL_CORPUS=~/corpus TIMBREL_YAMNET=~/yamnet.tflite
  timbrel-build all
  timbrel-build all --resume
  timbrel-build all --recipe configs/recipe-small.yaml --output small.tflite
  timbrel-build all --recipe configs/recipe-rendered.yaml
  timbrel-build evaluate small.tflite --peer yamnet.tflite --json figures.json
  timbrel-build report runs/default
  timbrel-build replace-built-in runs/default
"""
RENDERS = """\
It holds clips of 4 s of every General MIDI instrument that belongs to a family, of voices and
household noise; some instruments, voices and noises are kept for measuring (split dev). Needs the
Debian packages fluidsynth, fluid-soundfont-gm and espeak-ng; some minutes on two cores, and 80 kB
of disk a clip.
"""
RESUMES = {
    "features": "keep what an interrupted run with the same recipe and corpus has written",
    "train": "go on after the last whole epoch of an interrupted training",
    "all": "keep finished features, and go on where they or the training were interrupted",
}
OK, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
DEFAULT_RECIPE = Path("configs/recipe-default.yaml")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # In a pipe or a log file, too, a line is seen when it is printed.
        sys.stdout.reconfigure(line_buffering=True)
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
        again = "with --resume goes on" if "resume" in options else "starts again"
        print(f"timbrel-build: interrupted; the same command {again}", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(
            "timbrel-build: the disk is full; make room, or name a folder on another one",
            file=sys.stderr,
        )
        return FAILED
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "timbrel-build",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"timbrel-build {__version__}")
    commands = parser.add_subparsers(metavar="STAGE", required=True)
    for name, stage, sentence in (
        ("features", stages.features, "make the patches that the network learns from"),
        ("train", stages.train, "fit the network"),
        ("quantize", stages.quantize, "turn the fitted network into an int8 .tflite"),
        ("thresholds", stages.thresholds, "calibrate and set each family's threshold"),
        ("all", stages.everything, "run all stages"),
    ):
        command = commands.add_parser(name, help=sentence, description=f"{sentence}.".capitalize())
        command.set_defaults(stage=stage)
        _add_run_arguments(command)
        if name in {"features", "all"}:
            _add_corpus_argument(command)
            _add_workers_argument(command)
        if name in {"features", "train", "all"}:
            command.add_argument("--resume", action="store_true", help=RESUMES[name])
        if name == "all":
            command.add_argument(
                "--output",
                type=Path,
                metavar="FILE",
                help="copy the model here too, and its figures beside it with the suffix .json "
                "(default: both are in the run folder alone)",
            )
    _add_evaluate(commands)
    _add_report(commands)
    _add_replace_built_in(commands)
    _add_render(commands)
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
    command.add_argument(
        "--float",
        type=Path,
        metavar="KERAS",
        dest="network",
        help="the network before it was quantised, to tell what that lost",
    )
    command.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write the figures here too, and beside it, as FILE-details.json, all that was heard",
    )


def _add_render(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sentence = "make a corpus of rendered music, synthetic speech and computed noise"
    command = commands.add_parser(
        "render", help=sentence, description=f"{sentence.capitalize()}. {RENDERS}"
    )
    command.set_defaults(stage=stages.render)
    command.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the corpus' folder"
    )
    command.add_argument(
        "--phrases",
        type=_count,
        default=24,
        metavar="N",
        help="clips of each instrument, voice and noise (default: %(default)s)",
    )
    command.add_argument(
        "--seed", type=_seed, default=1, metavar="N", help="draws the tunes (default: %(default)s)"
    )
    _add_workers_argument(command)


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sentence = "draw a run's evaluation as one HTML page, and write its model card"
    command = commands.add_parser("report", help=sentence, description=f"{sentence}.".capitalize())
    command.set_defaults(stage=stages.report)
    command.add_argument("run", type=Path, metavar="RUN", help="the run folder")
    _add_corpus_argument(command)
    command.add_argument("--card", type=Path, metavar="FILE", help="write the model card here too")
    command.add_argument(
        "--ablations",
        type=Path,
        metavar="FILE",
        help="what was tried on the way to this model (default: RUN/ablations.yaml, if any)",
    )
    command.add_argument(
        "--dev-readings",
        type=Path,
        metavar="FILE",
        help="how often the dev clips were measured with on the way to this model (default: "
        "RUN/dev-readings.yaml, which timbrel-build all keeps)",
    )


def _add_replace_built_in(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sentence = "make a run's model the built-in one"
    command = commands.add_parser(
        "replace-built-in",
        help=sentence,
        description=f"{sentence.capitalize()}: show the figures of both side by side, ask, and "
        "replace the built-in model and the file of its figures.",
    )
    command.set_defaults(stage=stages.replace_built_in)
    command.add_argument("run", type=Path, metavar="RUN", help="the run folder")
    command.add_argument("--yes", action="store_true", help="do not ask")


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
        help="YAMNet's .tflite, for recipes that start from it, and to measure beside the model "
        "(default: TIMBREL_YAMNET)",
    )


def _add_corpus_argument(command: argparse.ArgumentParser) -> None:
    corpus = os.environ.get("TIMBREL_CORPUS")
    command.add_argument(
        "--corpus",
        type=Path,
        default=Path(corpus) if corpus else None,
        metavar="DIR",
        help="the folder of manifest.csv (default: TIMBREL_CORPUS); not needed where the recipe "
        "renders its own, and then only measured with",
    )


def _add_workers_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--workers", type=_count, metavar="N", help="processes at once (default: one a core)"
    )


def _seed(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is negative")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
