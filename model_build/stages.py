"""The stages of a build: each runs one stage and prints its results.

Each imports its own implementation when it runs, so that `--help` does not wait for TensorFlow.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import RunFolder, write_json

if TYPE_CHECKING:
    from model_build.evaluation.evaluate import Evaluation


def opened(recipe: Path, run: Path | None) -> tuple[Recipe, RunFolder]:
    """Read the recipe; return it with its run folder, by default `runs/` and the recipe's name.

    Raises InputError if the recipe cannot be read.
    """
    read = read_recipe(recipe)
    return read, RunFolder(run or Path("runs") / read.name)


def render(output: Path, *, seed: int, phrases: int, workers: int | None = None) -> None:
    """Render a corpus into the folder `output`, with `phrases` clips of each player."""
    from model_build.rendering.corpus_settings import CorpusSettings
    from model_build.rendering.rendered_corpus import render_corpus

    count = render_corpus(output, CorpusSettings(seed, phrases), workers)
    print(f"{output}: {count} clips")


def chords(corpus: Path | None, output: Path, *, songs: int, seed: int) -> None:
    """Fit the chord network and the confidence of a key; print figures and write the weights."""
    from model_build.chords.fit import Size, fit, write_weights

    fitted = fit(corpus, Size(songs), seed)
    write_weights(output, fitted.weights)
    print(fitted.report)
    print(output)


def harmony(
    recipe: Path,
    data: Path | None,
    run: Path | None,
    *,
    output: Path | None,
    workers: int | None = None,
) -> None:
    """Make the model of the harmoniser and print its figures.

    Raises InputError if the folder of chorales is not named.
    """
    if data is None:
        raise InputError("no chorales: name their folder with --data, or set TIMBREL_PRACTICE")
    from model_build.harmony.harmony_run import run_harmony

    run_harmony(recipe, data, run, output=output, workers=workers)


def features(
    recipe: Path,
    run: Path | None,
    *,
    corpus: Path | None,
    base: Path | None,
    workers: int | None = None,
    resume: bool = False,
) -> None:
    """Make the run's patches; print the number of clips used."""
    from model_build.windows.features import make_features

    _, folder = opened(recipe, run)
    made = make_features(recipe, corpus, folder, workers, base, resume=resume)
    for side_and_kind, count in sorted(made.clips.items()):
        print(f"{side_and_kind}: {count} clips")


def train(recipe: Path, run: Path | None, *, base: Path | None, resume: bool = False) -> None:
    """Fit the run's network; print the figures of the last epoch."""
    from model_build.training.train import train as fit

    settings, folder = opened(recipe, run)
    for name, value in fit(settings, folder, resume=resume, base=base).items():
        print(f"{name}: {value:.4f}")


def embedding(
    recipe: Path, run: Path | None, *, workers: int | None = None, resume: bool = False
) -> None:
    """Fit the embedding of the run's network, if the recipe has one; print its length and id."""
    from model_build.training.embedding.fit_embedding import fit_embedding

    settings, folder = opened(recipe, run)
    fitted = fit_embedding(settings, folder, workers=workers, resume=resume)
    if fitted is None:
        print("the recipe's model has no embedding")
    else:
        print(f"embedding {fitted.embedding_id}: {len(fitted.layer.bias)} values")


def genre(recipe: Path, run: Path | None, *, base: Path | None) -> None:
    """Take the base's classes of genres, if the recipe names a genre; print the genres."""
    from model_build.networks.genres import GENRES
    from model_build.training.genre import take_genre

    settings, folder = opened(recipe, run)
    layer = take_genre(settings, folder, base)
    print(f"genres: {', '.join(GENRES)}" if layer else "the recipe's model names no genre")


def quantize(recipe: Path, run: Path | None) -> None:
    """Convert the run's network to int8; print how far its scores moved."""
    from model_build.training.quantization.quantize import quantize as convert

    settings, folder = opened(recipe, run)
    for name, difference in convert(settings, folder).items():
        print(f"greatest difference of score, {name}: {difference:.4f}")
    print(f"{folder.network}: {folder.network.stat().st_size / 1000:.0f} kB")


def thresholds(recipe: Path, run: Path | None) -> None:
    """Calibrate the run's model, set its thresholds, print them and write the model file."""
    from model_build.training.assemble import assemble

    settings, folder = opened(recipe, run)
    set_thresholds(settings, folder)
    assemble(settings, folder)


def set_thresholds(recipe: Recipe, run: RunFolder) -> None:
    """Calibrate the run's model and set its thresholds; print them."""
    from model_build.training.thresholds import find_operating_points

    points = find_operating_points(recipe, run)
    for row in zip(
        recipe.families, points.thresholds, points.precision, points.recall, strict=True
    ):
        print("{}: threshold {:.2f}, precision {:.2f}, recall {:.2f}".format(*row))


def evaluate(
    model: Path,
    corpus: Path | None,
    *,
    peer: Path | None = None,
    network: Path | None = None,
    json: Path | None = None,
    second: str | None = None,
    workers: int | None = None,
) -> None:
    """Measure a model file, and `peer` if given; print the figures as a table.

    `network` is the model before quantization. `json` is where to write the figures, and beside it
    the scores of each clip. Clips whose path begins with `second` have a table of their own; by
    default those that were added to the corpus later.
    """
    from model_build.evaluation.dev_rows import SECOND_PATHS
    from model_build.evaluation.evaluate import evaluate_file

    evaluation = evaluate_file(
        model,
        corpus,
        peer=peer,
        network=network,
        second=SECOND_PATHS if second is None else second,
        workers=workers,
    )
    show_evaluation(evaluation, json)


def show_evaluation(evaluation: "Evaluation", json: Path | None) -> None:
    """Print the figures as a table; write them to `json`, if given, and the details beside it."""
    from model_build.evaluation.details import details_beside
    from model_build.report.table import figure_table

    print(figure_table(evaluation.figures))
    if json:
        write_json(json, evaluation.figures)
        details_beside(json).write_bytes(msgspec.json.encode(evaluation.details))


def report(
    run: Path,
    corpus: Path | None,
    *,
    card: Path | None = None,
    ablations: Path | None = None,
    dev_readings: Path | None = None,
) -> None:
    """Write a run's evaluation as an HTML page, and its model card, to `card` too if given."""
    from model_build.report.findings import read_findings
    from model_build.report.model_card import model_card
    from model_build.report.page import page

    folder = RunFolder(run)
    findings = read_findings(
        folder, ablations or folder.ablations, dev_readings or folder.dev_readings
    )
    folder.report.write_text(page(findings, corpus), encoding="utf-8")
    for file in filter(None, (folder.card, card)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(model_card(findings, corpus), encoding="utf-8")
        print(file)
    print(folder.report)


def replace_built_in(run: Path, *, is_confirmed: bool = False) -> None:
    """Compare a run's model with the built-in one; replace that one after a confirmation.

    Raises InputError if the run has no model, or if the replacement is not confirmed.
    """
    from model_build.report.built_in import comparison, read_figures, replace

    folder = RunFolder(run)
    built_in = read_figures(BUILT_IN_MODEL)
    print(comparison(built_in, read_figures(folder.needed(folder.model, "all"))))
    if not is_confirmed:
        _confirm(f"replace {BUILT_IN_MODEL} with {folder.model}?")
    replace(folder.model, BUILT_IN_MODEL)
    print(f"{BUILT_IN_MODEL} is now {folder.model}")


def _confirm(question: str) -> None:
    """Ask on the terminal. Raises InputError without a terminal, and for any answer but yes."""
    if not sys.stdin.isatty():
        raise InputError("nothing was replaced: confirm with --yes")
    if input(f"{question} [y/N] ").strip().lower() not in {"y", "yes"}:
        raise InputError("nothing was replaced")
