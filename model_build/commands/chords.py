"""The command that fits what the daemon knows of harmony: chords."""

from argparse import Namespace
from pathlib import Path

from daemon.practice.harmony.chord_network import BUILT_IN_WEIGHTS
from model_build import stages
from model_build.commands.options import (
    Commands,
    add_command,
    add_corpus_argument,
    count,
    seed,
)

ABOUT = """\
It makes up songs whose chords are known, renders them with FluidSynth, and fits the chord network
and the confidence of a key on them and on the corpus' train negatives, on one core in about ten
minutes. Needs the Debian packages fluidsynth and fluid-soundfont-gm.
"""


def add_chords(commands: Commands) -> None:
    """Add `timbrel-build chords`."""
    sentence = "fit the chord network and the confidence of a key"
    description = f"{sentence.capitalize()}. {ABOUT}"
    command = add_command(commands, "chords", sentence, _call_chords, description=description)
    add_corpus_argument(command)
    command.add_argument(
        "--output",
        type=Path,
        default=BUILT_IN_WEIGHTS,
        metavar="FILE",
        help="the .npz file of the weights (default: the built-in one, which is replaced)",
    )
    command.add_argument(
        "--songs",
        type=count,
        default=300,
        metavar="N",
        help="songs for the network; the confidence has a third as many others "
        "(default: %(default)s)",
    )
    command.add_argument(
        "--seed",
        type=seed,
        default=1,
        metavar="N",
        help="seed of all random numbers (default: %(default)s)",
    )


def _call_chords(options: Namespace) -> None:
    stages.chords(options.corpus, options.output, songs=options.songs, seed=options.seed)
