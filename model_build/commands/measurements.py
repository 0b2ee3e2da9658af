"""The commands that measure a model and show its figures: evaluate and report."""

from argparse import Namespace
from pathlib import Path

from model_build import stages
from model_build.commands.options import (
    Commands,
    add_command,
    add_corpus_argument,
    add_workers_argument,
)


def add_evaluate(commands: Commands) -> None:
    """Add `timbrel-build evaluate`."""
    sentence = "measure a model file on the corpus' dev clips"
    command = add_command(commands, "evaluate", sentence, _call_evaluate)
    command.add_argument(
        "model", type=Path, metavar="MODEL", help="a model file made by timbrel-build"
    )
    add_corpus_argument(command)
    command.add_argument(
        "--peer", type=Path, metavar="YAMNET", help="also measure YAMNet's .tflite, to compare"
    )
    command.add_argument(
        "--float",
        type=Path,
        metavar="KERAS",
        dest="network",
        help="the network before quantization, to measure the loss of quantizing it",
    )
    command.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="also write the figures to FILE, and the scores of each clip to FILE-details.json",
    )
    command.add_argument(
        "--second",
        metavar="PREFIX",
        help="dev clips whose path begins with PREFIX are measured apart, in a second table "
        '(default: round3/, the clips that were added to the corpus later; "" for one table)',
    )
    add_workers_argument(command)


def add_report(commands: Commands) -> None:
    """Add `timbrel-build report`."""
    sentence = "write a run's evaluation as an HTML page, and its model card"
    command = add_command(commands, "report", sentence, _call_report)
    command.add_argument("run", type=Path, metavar="RUN", help="the run folder")
    add_corpus_argument(
        command, "; used for spectrograms, and for the card if the run has no list of clips"
    )
    command.add_argument(
        "--card", type=Path, metavar="FILE", help="also write the model card to this file"
    )
    command.add_argument(
        "--ablations",
        type=Path,
        metavar="FILE",
        help="the variants tried before this model (default: RUN/ablations.yaml, if any)",
    )
    command.add_argument(
        "--dev-readings",
        type=Path,
        metavar="FILE",
        help="how often models were measured on the dev clips (default: RUN/dev-readings.yaml, "
        "which timbrel-build all writes)",
    )


def _call_evaluate(options: Namespace) -> None:
    stages.evaluate(
        options.model,
        options.corpus,
        peer=options.peer,
        network=options.network,
        json=options.json,
        second=options.second,
        workers=options.workers,
    )


def _call_report(options: Namespace) -> None:
    stages.report(
        options.run,
        options.corpus,
        card=options.card,
        ablations=options.ablations,
        dev_readings=options.dev_readings,
    )
