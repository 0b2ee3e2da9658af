"""The stages as commands: options in, the stage run, what it found printed.

Each imports its own stage, so that asking for help does not wait for TensorFlow.
"""

import logging
import shutil
from argparse import Namespace
from pathlib import Path

import msgspec

from daemon.classifier import BUILT_IN_MODEL
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import RunFolder, write_json

__all__ = [
    "ABLATIONS",
    "BUILT_IN_MODEL",
    "DEV_READINGS",
    "evaluate",
    "everything",
    "features",
    "quantize",
    "render",
    "report",
    "thresholds",
    "train",
]

# Kept by hand: what was tried, and how often the dev clips were looked at.
ABLATIONS = Path("docs/ablations.yaml")
DEV_READINGS = Path("docs/dev-readings.yaml")

log = logging.getLogger(__name__)


class Card(msgspec.Struct, frozen=True):
    """What stands beside a model file: which run made it, and what it reaches."""

    model: str
    recipe_sha256: str
    corpus_sha256: str
    seed: int
    acceptance: dict[str, float]
    thresholds: dict[str, float]
    held_precision: dict[str, float]
    held_recall: dict[str, float]
    metrics: dict[str, float]
    environment: dict[str, str]


def render(options: Namespace) -> None:
    """Make a corpus out of nothing but programs and a soundfont."""
    from model_build.render import Rendering, render_corpus

    count = render_corpus(options.output, Rendering(options.seed, options.phrases), options.workers)
    print(f"{options.output}: {count} clips")


def features(options: Namespace) -> None:
    """Make the run's patches."""
    from model_build.features import make_features

    _, run = _opened(options)
    made = make_features(
        options.recipe, options.corpus, run, options.workers, options.base, resume=options.resume
    )
    for what, count in sorted(made.clips.items()):
        print(f"{what}: {count} clips")


def train(options: Namespace) -> None:
    """Fit the run's network."""
    from model_build.train import train as fit

    recipe, run = _opened(options)
    for name, value in fit(recipe, run, resume=options.resume, base=options.base).items():
        print(f"{name}: {value:.4f}")


def quantize(options: Namespace) -> None:
    """Convert the run's network."""
    from model_build.quantize import quantize as convert

    recipe, run = _opened(options)
    for name, difference in convert(recipe, run).items():
        print(f"greatest difference of score, {name}: {difference:.4f}")
    print(f"{run.network}: {run.network.stat().st_size / 1000:.0f} kB")


def thresholds(options: Namespace) -> None:
    """Calibrate the run's model and set its thresholds."""
    from model_build.thresholds import find_operating_points

    recipe, run = _opened(options)
    points = find_operating_points(recipe, run)
    for row in zip(
        recipe.families, points.thresholds, points.precision, points.recall, strict=True
    ):
        print("{}: threshold {:.2f}, precision {:.2f}, recall {:.2f}".format(*row))


def evaluate(options: Namespace) -> None:
    """Measure a model file, and a peer beside it where one is named."""
    from model_build.details import details_beside
    from model_build.evaluate import evaluate as measure
    from model_build.targets import table

    found = measure(options.model, options.corpus, peer=options.peer, network=options.network)
    print(table(found.figures))
    if options.json:
        write_json(options.json, found.figures)
        details_beside(options.json).write_bytes(msgspec.json.encode(found.details))


def report(options: Namespace) -> None:
    """Draw a run's evaluation as a page, and write its model card."""
    from model_build.findings import read_findings
    from model_build.model_card import model_card
    from model_build.report import page

    run = RunFolder(options.run)
    findings = read_findings(run, options.ablations, options.dev_readings)
    run.report.write_text(page(findings, options.corpus), encoding="utf-8")
    for file in filter(None, (run.card, options.card)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(model_card(findings, options.corpus), encoding="utf-8")
        print(file)
    print(run.report)


def everything(options: Namespace) -> None:
    """Run every stage; put the model and its figures where the daemon and people look."""
    from model_build.corpora import measured_with
    from model_build.peer import yamnet

    recipe, run = _opened(options)
    if options.base:
        yamnet(options.base)  # it is measured beside the model: refused now, not after an hour
    for stage in (features, train, quantize, thresholds):
        stage(options)
    corpus = measured_with(recipe, options.corpus, run)
    measured = {"peer": options.base, "network": run.fitted, "json": run.evaluation}
    evaluate(Namespace(model=run.model, corpus=corpus, **measured))
    _put(recipe, run, options.output)
    by_hand = {"ablations": ABLATIONS, "dev_readings": DEV_READINGS}
    report(Namespace(run=run.folder, corpus=corpus, card=None, **by_hand))
    print(f"{options.output}: {options.output.stat().st_size / 1000:.0f} kB")


def _put(recipe: Recipe, run: RunFolder, output: Path) -> None:
    """Write the model again, now with what it reaches, and the small file beside it."""
    from model_build.assemble import assemble
    from model_build.clip_figures import Figures
    from model_build.features import made_features
    from model_build.thresholds import found_operating_points

    points = found_operating_points(run)
    measured = msgspec.json.decode(run.evaluation.read_bytes(), type=dict[str, Figures])
    metrics = measured[run.model.stem].flat()
    corpus_sha256 = made_features(recipe, run).corpus_sha256
    assemble(
        run.network, run.model, recipe, points=points, corpus_sha256=corpus_sha256, metrics=metrics
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(run.model, output)
    card = Card(
        model=f"timbrel-{recipe.name} {recipe.version}",
        recipe_sha256=recipe.sha256,
        corpus_sha256=corpus_sha256,
        seed=recipe.seed,
        acceptance=msgspec.json.decode(run.acceptance.read_bytes(), type=dict[str, float]),
        thresholds=dict(zip(recipe.families, points.thresholds, strict=True)),
        held_precision=dict(zip(recipe.families, points.precision, strict=True)),
        held_recall=dict(zip(recipe.families, points.recall, strict=True)),
        metrics=metrics,
        environment=msgspec.json.decode(run.environment.read_bytes(), type=dict[str, str]),
    )
    write_json(output.with_suffix(".json"), card)


def _opened(options: Namespace) -> tuple[Recipe, RunFolder]:
    recipe = read_recipe(options.recipe)
    return recipe, RunFolder(options.run or Path("runs") / recipe.name)
