"""The command that renders a corpus: render."""

from argparse import Namespace
from pathlib import Path

from model_build import stages
from model_build.commands.options import (
    Commands,
    add_command,
    add_workers_argument,
    count,
    seed,
)

ABOUT = """\
It holds clips of 4 s: every General MIDI instrument that belongs to a family, voices, and
household noise. Some instruments, voices and noises are kept for measuring (split dev). Needs the
Debian packages fluidsynth, fluid-soundfont-gm and espeak-ng, some minutes on two cores, and 80 kB
of disk per clip.
"""


def add_render(commands: Commands) -> None:
    """Add `timbrel-build render`."""
    sentence = "make a corpus of rendered music, synthetic speech and computed noise"
    description = f"{sentence.capitalize()}. {ABOUT}"
    command = add_command(commands, "render", sentence, _call_render, description=description)
    command.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the corpus' folder"
    )
    command.add_argument(
        "--phrases",
        type=count,
        default=24,
        metavar="N",
        help="clips of each instrument, voice and noise (default: %(default)s)",
    )
    command.add_argument(
        "--seed",
        type=seed,
        default=1,
        metavar="N",
        help="seed of all random numbers (default: %(default)s)",
    )
    add_workers_argument(command)


def _call_render(options: Namespace) -> None:
    stages.render(
        options.output, seed=options.seed, phrases=options.phrases, workers=options.workers
    )
