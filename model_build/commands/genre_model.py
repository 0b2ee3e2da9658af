"""The command that makes the genre model: genre-model."""

from argparse import Namespace
from pathlib import Path

from daemon.practice.genre.built_in import BUILT_IN_GENRE_MODEL
from model_build.commands.options import (
    Commands,
    add_base_argument,
    add_command,
    add_corpus_argument,
    seed,
)

ABOUT = """\
Nothing is trained: it cuts YAMNet's network, with its classes of genres only, out of YAMNet's file.
The corpus' speech and noise give the score below which sound is no music. Takes a minute.
"""


def add_genre_model(commands: Commands) -> None:
    """Add `timbrel-build genre-model`."""
    sentence = "make the model that names the genre, from YAMNet"
    description = f"{sentence[0].upper() + sentence[1:]}. {ABOUT}"
    command = add_command(
        commands, "genre-model", sentence, _call_genre_model, description=description
    )
    add_base_argument(command, "YAMNet's .tflite")
    add_corpus_argument(command)
    command.add_argument(
        "--output",
        type=Path,
        default=BUILT_IN_GENRE_MODEL,
        metavar="FILE",
        help="the model file (default: the built-in one, which is replaced)",
    )
    command.add_argument(
        "--seed",
        type=seed,
        default=1,
        metavar="N",
        help="seed of all random numbers (default: %(default)s)",
    )


def _call_genre_model(options: Namespace) -> None:
    from model_build.genre.build import build_genre_model

    build_genre_model(options.base, options.corpus, options.output, options.seed)
