"""The corpora of a run: those to train on, and that to measure with."""

import shutil
from pathlib import Path

from model_build.corpus.clips import Corpus, combined, read_corpus
from model_build.corpus.manifest import MANIFEST
from model_build.recipe import Recipe
from model_build.rendering.corpus_settings import CorpusSettings, read_settings
from model_build.rendering.rendered_corpus import render_corpus
from model_build.run_folder import RunFolder


def needs_recordings(recipe: Recipe) -> bool:
    """Return True if the recipe needs a corpus of recordings, alone or beside a rendered one."""
    return recipe.rendering is None or recipe.rendering.beside_corpus


def training_corpus(
    recipe: Recipe, given: Path | None, run: RunFolder, workers: int | None = None
) -> Corpus:
    """Return the corpus to train on: `given`, one rendered into the run folder, or both.

    Raises InputError if a corpus cannot be used, or if a program for rendering is missing.
    """
    if recipe.rendering is None:
        return read_corpus(given, recipe.families)
    recorded = read_corpus(given, recipe.families) if recipe.rendering.beside_corpus else None
    wanted = CorpusSettings(recipe.seed, recipe.rendering.phrases_per_programme, recipe.families)
    if read_settings(run.rendered) not in {None, wanted}:
        # Remove the manifest first: a folder without one is known to be incomplete.
        (run.rendered / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(run.rendered)
    render_corpus(run.rendered, wanted, workers)
    rendered = read_corpus(run.rendered, recipe.families)
    return combined(recorded, rendered) if recorded else rendered


def measuring_corpus(recipe: Recipe, given: Path | None, run: RunFolder) -> Path | None:
    """Return the folder whose dev clips measure the model: `given`, or else a rendered one.

    Return None if there is neither.
    """
    alone = recipe.rendering is not None and not recipe.rendering.beside_corpus
    return run.rendered if given is None and alone else given
