"""The stages as commands: options in, the stage run, what it found printed.

Each imports its own stage, so that asking for help does not wait for TensorFlow.
"""

import shlex
import shutil
import sys
from argparse import Namespace
from pathlib import Path

import msgspec

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build.recipe import Recipe, read_recipe
from model_build.report.built_in import ModelFigures
from model_build.run_folder import RunFolder, write_json

__all__ = [
    "evaluate",
    "everything",
    "features",
    "quantize",
    "render",
    "replace_built_in",
    "report",
    "thresholds",
    "train",
]


def render(options: Namespace) -> None:
    """Make a corpus out of nothing but programs and a soundfont."""
    from model_build.rendering.rendered_corpus import Rendering, render_corpus

    count = render_corpus(options.output, Rendering(options.seed, options.phrases), options.workers)
    print(f"{options.output}: {count} clips")


def features(options: Namespace) -> None:
    """Make the run's patches."""
    from model_build.windows.features import make_features

    _, run = _opened(options)
    made = make_features(
        options.recipe, options.corpus, run, options.workers, options.base, resume=options.resume
    )
    for what, count in sorted(made.clips.items()):
        print(f"{what}: {count} clips")


def train(options: Namespace) -> None:
    """Fit the run's network."""
    from model_build.training.train import train as fit

    recipe, run = _opened(options)
    for name, value in fit(recipe, run, resume=options.resume, base=options.base).items():
        print(f"{name}: {value:.4f}")


def quantize(options: Namespace) -> None:
    """Convert the run's network."""
    from model_build.training.quantize import quantize as convert

    recipe, run = _opened(options)
    for name, difference in convert(recipe, run).items():
        print(f"greatest difference of score, {name}: {difference:.4f}")
    print(f"{run.network}: {run.network.stat().st_size / 1000:.0f} kB")


def thresholds(options: Namespace) -> None:
    """Calibrate the run's model and set its thresholds."""
    from model_build.training.thresholds import find_operating_points

    recipe, run = _opened(options)
    points = find_operating_points(recipe, run)
    for row in zip(
        recipe.families, points.thresholds, points.precision, points.recall, strict=True
    ):
        print("{}: threshold {:.2f}, precision {:.2f}, recall {:.2f}".format(*row))


def evaluate(options: Namespace) -> None:
    """Measure a model file, and a peer beside it where one is named."""
    from model_build.evaluation.details import details_beside
    from model_build.evaluation.evaluate import evaluate as measure
    from model_build.report.targets import table

    found = measure(options.model, options.corpus, peer=options.peer, network=options.network)
    print(table(found.figures))
    if options.json:
        write_json(options.json, found.figures)
        details_beside(options.json).write_bytes(msgspec.json.encode(found.details))


def report(options: Namespace) -> None:
    """Draw a run's evaluation as a page, and write its model card."""
    from model_build.report.findings import read_findings
    from model_build.report.model_card import model_card
    from model_build.report.page import page

    run = RunFolder(options.run)
    findings = read_findings(
        run, options.ablations or run.ablations, options.dev_readings or run.dev_readings
    )
    run.report.write_text(page(findings, options.corpus), encoding="utf-8")
    for file in filter(None, (run.card, options.card)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(model_card(findings, options.corpus), encoding="utf-8")
        print(file)
    print(run.report)


def replace_built_in(options: Namespace) -> None:
    """Compare a run's model with the built-in one, and put it in its place once confirmed."""
    from model_build.report.built_in import comparison, read_figures, replace

    run = RunFolder(options.run)
    print(comparison(read_figures(BUILT_IN_MODEL), read_figures(run.needed(run.model, "all"))))
    if not options.yes:
        _confirm(f"replace {BUILT_IN_MODEL} by {run.model}?")
    replace(run.model, BUILT_IN_MODEL)
    print(f"{BUILT_IN_MODEL} is now {run.model}")


def everything(options: Namespace) -> None:
    """Run every stage; the run folder, and `--output` as a copy, hold the model.

    Raises InputError before the first stage when the output is the built-in model or the peer is
    not YAMNet.
    """
    from model_build.evaluation.peer import peer_scores
    from model_build.report.findings import count_reading
    from model_build.windows.sources import measured_with

    recipe, run = _opened(options)
    if options.output is not None:
        _refuse_built_in(options.output, run)
    if options.base:
        peer_scores(
            options.base
        )  # Loaded now, so that a wrong file is refused before an hour of work.
    stages = (features, train, quantize, thresholds)
    for number, stage in enumerate(stages, 1):
        _announce(number, len(stages) + 2, stage.__name__)
        stage(options)
    corpus = measured_with(recipe, options.corpus, run)
    _announce(len(stages) + 1, len(stages) + 2, "evaluate")
    measured = {"peer": options.base, "network": run.fitted, "json": run.evaluation}
    evaluate(Namespace(model=run.model, corpus=corpus, **measured))
    count_reading(run.dev_readings, f"{recipe.name} {recipe.version}")
    _put(recipe, run)
    _announce(len(stages) + 2, len(stages) + 2, "report")
    report(Namespace(run=run.folder, corpus=corpus, card=None, ablations=None, dev_readings=None))
    model = run.model
    if options.output is not None:
        model = options.output
        model.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run.model, model)
        shutil.copyfile(run.model_figures, model.with_suffix(".json"))
    print(f"{model}: {model.stat().st_size / 1000:.0f} kB")


def _announce(number: int, count: int, stage: str) -> None:
    print(f"[{number}/{count}] {stage}", file=sys.stderr, flush=True)


def _refuse_built_in(output: Path, run: RunFolder) -> None:
    if output.resolve() == BUILT_IN_MODEL.resolve():
        command = shlex.join(["timbrel-build", "replace-built-in", str(run.folder)])
        raise InputError(
            f"--output {output} is the built-in model; leave --output out, then run {command}"
        )


def _confirm(question: str) -> None:
    """Ask on a terminal; raises InputError for any answer but yes, and where nobody can answer."""
    if not sys.stdin.isatty():
        raise InputError("nothing was replaced: confirm with --yes")
    if input(f"{question} [y/N] ").strip().lower() not in {"y", "yes"}:
        raise InputError("nothing was replaced")


def _put(recipe: Recipe, run: RunFolder) -> None:
    """Write the model again, now with its figures inside, and the figures beside it."""
    from model_build.evaluation.clip_figures import Figures
    from model_build.training.assemble import assemble
    from model_build.training.thresholds import found_operating_points
    from model_build.windows.features import made_features

    points = found_operating_points(run)
    measured = msgspec.json.decode(run.evaluation.read_bytes(), type=dict[str, Figures])
    metrics = measured[run.model.stem].flat()
    corpus_sha256 = made_features(recipe, run).corpus_sha256
    assemble(
        run.network, run.model, recipe, points=points, corpus_sha256=corpus_sha256, metrics=metrics
    )
    figures = ModelFigures(
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
    write_json(run.model_figures, figures)


def _opened(options: Namespace) -> tuple[Recipe, RunFolder]:
    recipe = read_recipe(options.recipe)
    return recipe, RunFolder(options.run or Path("runs") / recipe.name)
