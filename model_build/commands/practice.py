"""The command that measures the practice analysers: practice evaluate."""

import argparse
from argparse import Namespace
from pathlib import Path

from daemon.practice.notes.built_in import note_model_path
from model_build.commands.options import (
    Commands,
    add_command,
    add_corpus_argument,
    add_practice_arguments,
    add_workers_argument,
)

ABOUT = """\
It measures notes, pitch, A4, tempo, beats, dynamics, key and chords on annotated recordings, beside
librosa and, if their models are there, basic-pitch. The recordings are for measuring only: never
choose a constant by these figures.
"""


def add_practice(commands: Commands) -> None:
    """Add `timbrel-build practice` with its step."""
    command = commands.add_parser(
        "practice",
        help="measure the practice analysers",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = command.add_subparsers(metavar="STEP", required=True)
    sentence = "print the table of all practice figures"
    evaluate = add_command(steps, "evaluate", sentence, _call_evaluate)
    evaluate.add_argument(
        "--rooms", action="store_true", help="across a room, with household noise"
    )
    evaluate.add_argument(
        "--model", type=Path, metavar="FILE", help="a note model (default: the built-in one)"
    )
    add_corpus_argument(evaluate)
    add_practice_arguments(evaluate)
    add_workers_argument(evaluate)
    evaluate.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures to this file"
    )


def _call_evaluate(options: Namespace) -> None:
    from model_build.practice.row import row_object, table_text
    from model_build.practice_table import Folders, practice_rows
    from model_build.run_folder import write_json

    rows = practice_rows(
        Folders(options.practice, options.corpus, options.peers),
        options.model or note_model_path(None),
        rooms=options.rooms,
        workers=options.workers,
    )
    print(table_text(rows))
    if options.json:
        write_json(options.json, [row_object(row) for row in rows])
