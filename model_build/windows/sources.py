"""Which clips a run learns from and is measured with: the corpus given, its own, or both."""

import shutil
from pathlib import Path

from model_build.corpus.clips import MANIFEST, Corpus, joined, read_corpus
from model_build.recipe import Recipe
from model_build.rendering.rendered_corpus import Rendering, render_corpus, rendering_of
from model_build.run_folder import RunFolder


def needs_recordings(recipe: Recipe) -> bool:
    """Whether the recipe needs a corpus of recordings, alone or beside what it renders."""
    return recipe.rendering is None or recipe.rendering.beside_corpus


def learned_from(
    recipe: Recipe, given: Path | None, run: RunFolder, workers: int | None = None
) -> Corpus:
    """The corpus that the run learns from, rendered into its folder where the recipe says so.

    Raises InputError for a corpus that cannot be used, or when a program to render with is missing.
    """
    if recipe.rendering is None:
        return read_corpus(given, recipe.families)
    recorded = read_corpus(given, recipe.families) if recipe.rendering.beside_corpus else None
    wanted = Rendering(recipe.seed, recipe.rendering.phrases_per_programme, recipe.families)
    if rendering_of(run.rendered) not in {None, wanted}:
        (run.rendered / MANIFEST).unlink(missing_ok=True)  # what is half removed has none
        shutil.rmtree(run.rendered)
    render_corpus(run.rendered, wanted, workers)
    rendered = read_corpus(run.rendered, recipe.families)
    return joined(recorded, rendered) if recorded else rendered


def measured_with(recipe: Recipe, given: Path | None, run: RunFolder) -> Path | None:
    """The folder whose dev clips tell how good the model is: the run's own where none is given."""
    alone = recipe.rendering is not None and not recipe.rendering.beside_corpus
    return run.rendered if given is None and alone else given
