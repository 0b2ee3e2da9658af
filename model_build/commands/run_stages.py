"""The commands that make a model of a recipe: features, train, and so on, and all."""

from argparse import Namespace
from pathlib import Path

from model_build import stages, whole_run
from model_build.commands.options import (
    OPTIONAL_CORPUS,
    Commands,
    add_command,
    add_corpus_argument,
    add_run_arguments,
    add_workers_argument,
)


def add_features(commands: Commands) -> None:
    """Add `timbrel-build features`."""
    command = add_command(commands, "features", "make the patches for training", _call_features)
    add_run_arguments(command)
    add_corpus_argument(command, OPTIONAL_CORPUS)
    add_workers_argument(command)
    command.add_argument(
        "--resume",
        action="store_true",
        help="keep the files of an interrupted run with the same recipe and corpus",
    )


def add_train(commands: Commands) -> None:
    """Add `timbrel-build train`."""
    command = add_command(commands, "train", "fit the network", _call_train)
    add_run_arguments(command)
    command.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted training after its last completed epoch",
    )


def add_embedding(commands: Commands) -> None:
    """Add `timbrel-build embedding`."""
    sentence = "fit the embedding that tells single instruments apart"
    command = add_command(commands, "embedding", sentence, _call_embedding)
    add_run_arguments(command)
    add_workers_argument(command)
    command.add_argument(
        "--resume",
        action="store_true",
        help="keep an embedding that was fitted to the current network",
    )


def add_genre(commands: Commands) -> None:
    """Add `timbrel-build genre`."""
    command = add_command(commands, "genre", "fit the layer that names the genre", _call_genre)
    add_run_arguments(command)
    command.add_argument(
        "--resume",
        action="store_true",
        help="keep a layer that was fitted to the current network",
    )


def add_quantize(commands: Commands) -> None:
    """Add `timbrel-build quantize`."""
    sentence = "convert the fitted network to an int8 .tflite"
    add_run_arguments(add_command(commands, "quantize", sentence, _call_quantize))


def add_thresholds(commands: Commands) -> None:
    """Add `timbrel-build thresholds`."""
    sentence = "calibrate and set each family's threshold"
    add_run_arguments(add_command(commands, "thresholds", sentence, _call_thresholds))


def add_all(commands: Commands) -> None:
    """Add `timbrel-build all`."""
    command = add_command(commands, "all", "run all stages", _call_all)
    add_run_arguments(command)
    add_corpus_argument(command, OPTIONAL_CORPUS)
    add_workers_argument(command)
    command.add_argument(
        "--resume",
        action="store_true",
        help="keep finished features; continue interrupted features or training",
    )
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="also copy the model to this file, and its figures to the same name with the suffix "
        ".json (default: both are in the run folder only)",
    )


def _call_features(options: Namespace) -> None:
    stages.features(
        options.recipe,
        options.run,
        corpus=options.corpus,
        base=options.base,
        workers=options.workers,
        resume=options.resume,
    )


def _call_train(options: Namespace) -> None:
    stages.train(options.recipe, options.run, base=options.base, resume=options.resume)


def _call_embedding(options: Namespace) -> None:
    stages.embedding(options.recipe, options.run, workers=options.workers, resume=options.resume)


def _call_genre(options: Namespace) -> None:
    stages.genre(options.recipe, options.run, resume=options.resume)


def _call_quantize(options: Namespace) -> None:
    stages.quantize(options.recipe, options.run)


def _call_thresholds(options: Namespace) -> None:
    stages.thresholds(options.recipe, options.run)


def _call_all(options: Namespace) -> None:
    whole_run.run_all(
        options.recipe,
        options.run,
        corpus=options.corpus,
        base=options.base,
        workers=options.workers,
        resume=options.resume,
        output=options.output,
    )
