"""The commands that make and measure the note model: notes train, tune and evaluate."""

import argparse
from argparse import Namespace
from pathlib import Path

from model_build.commands.options import (
    Commands,
    add_command,
    add_corpus_argument,
    add_practice_arguments,
    add_workers_argument,
)

RECIPE = Path("configs/recipe-notes.yaml")
ABOUT = """\
The note model hears which keys sound, when each note begins, and its pitch. Its steps, in order:

  train      make up music, render it with FluidSynth, string recorded notes of the corpus together,
             add rooms, noise and microphones, and fit the network
  tune       convert it to int8, tune the note creation on held-back clips, write the model file
  evaluate   measure a model file on annotated recordings and on single notes, beside other programs

Needs the Debian packages fluidsynth and fluid-soundfont-gm.
"""


def add_notes(commands: Commands) -> None:
    """Add `timbrel-build notes` with its steps."""
    command = commands.add_parser(
        "notes",
        help="make and measure the note model",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = command.add_subparsers(metavar="STEP", required=True)
    train = add_command(steps, "train", "make the clips and fit the network", _call_train)
    _add_run_arguments(train)
    add_corpus_argument(train)
    add_workers_argument(train)
    train.add_argument(
        "--soundfont",
        type=Path,
        action="append",
        metavar="FILE",
        help="a General MIDI soundfont; several take turns (default: Debian's FluidR3)",
    )
    train.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="begin with the weights of an earlier run's network.keras, or of a model file .tflite",
    )
    train.add_argument(
        "--resume",
        action="store_true",
        help="keep finished files of the same recipe; continue an interrupted training",
    )
    tune = add_command(
        steps, "tune", "quantize, tune the note creation, write the model", _call_tune
    )
    _add_run_arguments(tune)
    tune.add_argument(
        "--output", type=Path, metavar="FILE", help="also copy the model file to this path"
    )
    _add_evaluate(steps)


def _add_evaluate(steps: Commands) -> None:
    evaluate = add_command(steps, "evaluate", "measure a note model beside others", _call_evaluate)
    evaluate.add_argument("model", type=Path, metavar="MODEL", help="a note model's file")
    add_corpus_argument(evaluate)
    add_practice_arguments(evaluate)
    evaluate.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures to this file"
    )


def _add_run_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--recipe",
        type=Path,
        default=RECIPE,
        metavar="FILE",
        help="the run's settings (default: %(default)s)",
    )
    command.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="the run folder (default: runs/ and the recipe's name)",
    )


def _call_train(options: Namespace) -> None:
    from model_build.notes import steps
    from model_build.rendering.soundfont import FLUID_R3

    steps.train(
        options.recipe,
        options.run,
        corpus=options.corpus,
        soundfonts=options.soundfont or [FLUID_R3],
        weights=options.weights,
        workers=options.workers,
        resume=options.resume,
    )


def _call_tune(options: Namespace) -> None:
    from model_build.notes import steps

    steps.tune(options.recipe, options.run, output=options.output)


def _call_evaluate(options: Namespace) -> None:
    from model_build.notes import steps

    steps.evaluate(
        options.model,
        corpus=options.corpus,
        practice=options.practice,
        peers=options.peers,
        json=options.json,
    )
