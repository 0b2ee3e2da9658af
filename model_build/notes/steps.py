"""The steps of the note model's build: each runs one and prints its results.

Each imports its own implementation when it runs, so that `--help` does not wait for TensorFlow.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from model_build.notes.recipe import NoteRecipe, read_note_recipe
from model_build.notes.run_files import NoteRun
from model_build.run_folder import write_json


def opened(recipe: Path, run: Path | None) -> tuple[NoteRecipe, NoteRun]:
    """Read the recipe; return it with its run folder, by default `runs/` and the recipe's name.

    Raises InputError if the recipe cannot be read.
    """
    read = read_note_recipe(recipe)
    return read, NoteRun(run or Path("runs") / read.name)


def train(
    recipe: Path,
    run: Path | None,
    *,
    corpus: Path | None,
    soundfonts: Sequence[Path],
    weights: Path | None = None,
    workers: int | None = None,
    resume: bool = False,
) -> None:
    """Make the clips of a run and fit its network; print where the network is."""
    from model_build.notes.prepare import prepare
    from model_build.notes.training import train as fit

    settings, folder = opened(recipe, run)
    prepare(recipe, folder, corpus=corpus, soundfonts=soundfonts, workers=workers, resume=resume)
    fit(settings, folder, weights=weights, resume=resume)
    print(folder.fitted)


def tune(recipe: Path, run: Path | None, *, output: Path | None = None) -> None:
    """Quantize a run's network, tune its note creation, write and print the model file."""
    from model_build.notes.finish import finish

    settings, folder = opened(recipe, run)
    tuned = finish(settings, folder)
    for name, value in tuned.figures.items():
        print(f"{name}: {value:.3f}")
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder.model, output)
    print(output or folder.model)


def evaluate(
    model: Path,
    *,
    corpus: Path | None,
    practice: Path | None,
    peers: Path | None,
    json: Path | None = None,
) -> None:
    """Measure a note model and the peers on the same sound, clean and in rooms; print the table."""
    from model_build.notes.evaluation.table import note_rows, single_note_rows
    from model_build.practice.joined_negatives import negative_files
    from model_build.practice.practice_set import read_practice
    from model_build.practice.row import row_object, table_text

    recordings = read_practice(practice)
    found = {}
    for surroundings, noises in (("clean", []), ("room", negative_files(corpus, "noise"))):
        rows = note_rows(model, recordings, noises, peers=peers)
        rows += single_note_rows(model, corpus, noises, peers=peers)
        print(f"{surroundings}\n{table_text(rows)}")
        found[surroundings] = [row_object(row) for row in rows]
    if json:
        write_json(json, found)
