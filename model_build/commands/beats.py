"""The command that makes the beat network: beats."""

from argparse import Namespace
from pathlib import Path

from model_build.commands.options import (
    Commands,
    add_command,
    add_corpus_argument,
    count,
    seed,
)

ABOUT = """\
The songs and the training take about six minutes of one core. The corpus gives noises, and speech
and noise that must not get a tempo. Needs the Debian packages fluidsynth and fluid-soundfont-gm.
To use the network, write it to daemon/practice/beats/beat_network.npz.
"""


def add_beats(commands: Commands) -> None:
    """Add `timbrel-build beats`."""
    sentence = "make up songs and fit the network that finds beats"
    description = f"{sentence.capitalize()}. {ABOUT}"
    command = add_command(commands, "beats", sentence, _call_beats, description=description)
    command.add_argument(
        "--run",
        type=Path,
        default=Path("runs/beats"),
        metavar="DIR",
        help="the folder of the songs and of an unfinished training (default: %(default)s)",
    )
    add_corpus_argument(command)
    command.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the network (default: beat_network.npz in the folder DIR)",
    )
    command.add_argument(
        "--songs",
        type=count,
        default=300,
        metavar="N",
        help="songs to learn from (default: %(default)s)",
    )
    command.add_argument(
        "--epochs",
        type=count,
        default=8,
        metavar="N",
        help="epochs of 500 batches (default: %(default)s)",
    )
    command.add_argument(
        "--seed",
        type=seed,
        default=1,
        metavar="N",
        help="seed of all random numbers (default: %(default)s)",
    )
    command.add_argument(
        "--resume", action="store_true", help="keep finished songs; continue an unfinished training"
    )


def _call_beats(options: Namespace) -> None:
    from model_build.rhythm.build import build_beat_network

    build_beat_network(
        options.run,
        options.corpus,
        options.output or options.run / "beat_network.npz",
        songs=options.songs,
        epochs=options.epochs,
        seed=options.seed,
        resume=options.resume,
    )
