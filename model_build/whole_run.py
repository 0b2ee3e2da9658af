"""All stages of one run in order, from the corpus to the finished model and its report."""

import shlex
import shutil
import sys
from pathlib import Path

import msgspec

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build import stages
from model_build.recipe import Recipe
from model_build.report.built_in import ModelFigures
from model_build.run_folder import RunFolder, write_json

STAGES = ("features", "train", "embedding", "genre", "quantize", "thresholds", "evaluate", "report")


def run_all(
    recipe: Path,
    run: Path | None,
    *,
    corpus: Path | None,
    base: Path | None,
    workers: int | None = None,
    resume: bool = False,
    output: Path | None = None,
) -> None:
    """Run every stage; `output` is a further place for the model and its figures.

    Raises InputError before the first stage if `output` is the built-in model or `base` is not
    YAMNet.
    """
    from model_build.networks.peer import peer_scores
    from model_build.windows.sources import measuring_corpus

    settings, folder = stages.opened(recipe, run)
    if output is not None:
        _refuse_built_in(output, folder)
    if base:
        peer_scores(base)  # Load it now: a wrong file is refused before an hour of work.
    _announce("features")
    stages.features(recipe, run, corpus=corpus, base=base, workers=workers, resume=resume)
    _announce("train")
    stages.train(recipe, run, base=base, resume=resume)
    _announce("embedding")
    stages.embedding(recipe, run, workers=workers, resume=resume)
    _announce("genre")
    stages.genre(recipe, run, resume=resume)
    _announce("quantize")
    stages.quantize(recipe, run)
    _announce("thresholds")
    stages.set_thresholds(settings, folder)
    measuring = measuring_corpus(settings, corpus, folder)
    _measure_and_report(settings, folder, measuring, base, workers)
    model = folder.model
    if output is not None:
        model = output
        model.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder.model, model)
        shutil.copyfile(folder.model_figures, model.with_suffix(".json"))
    print(f"{model}: {model.stat().st_size / 1000:.0f} kB")


def _measure_and_report(
    recipe: Recipe,
    run: RunFolder,
    corpus: Path | None,
    peer: Path | None,
    workers: int | None,
) -> None:
    """Evaluate the network, write the model file with its figures, and then the report."""
    from model_build.evaluation.evaluate import evaluate, with_costs
    from model_build.report.readings import count_reading
    from model_build.training.assemble import assemble, run_source
    from model_build.training.operating_points import read_operating_points

    _announce("evaluate")
    source = run_source(recipe, run, read_operating_points(run))
    name = run.model.stem
    evaluation = evaluate(source, corpus, name=name, peer=peer, network=run.fitted, workers=workers)
    metrics = evaluation.figures[name].flat()
    assemble(recipe, run, metrics)
    # Size and CPU time are those of the finished file.
    stages.show_evaluation(with_costs(evaluation, run.model, peer), run.evaluation)
    count_reading(run.dev_readings, f"{recipe.name} {recipe.version}")
    _write_figures(recipe, run, metrics)
    _announce("report")
    stages.report(run.folder, corpus)


def _announce(stage: str) -> None:
    number = STAGES.index(stage) + 1
    print(f"[{number}/{len(STAGES)}] {stage}", file=sys.stderr, flush=True)


def _refuse_built_in(output: Path, run: RunFolder) -> None:
    if output.resolve() == BUILT_IN_MODEL.resolve():
        command = shlex.join(["timbrel-build", "replace-built-in", str(run.folder)])
        raise InputError(
            f"--output {output} is the built-in model; leave --output out, then run {command}"
        )


def _write_figures(recipe: Recipe, run: RunFolder, metrics: dict[str, float]) -> None:
    """Write the figures as JSON beside the model file."""
    from model_build.training.operating_points import read_operating_points
    from model_build.windows.features import made_features

    points = read_operating_points(run)
    figures = ModelFigures(
        model=f"timbrel-{recipe.name} {recipe.version}",
        recipe_sha256=recipe.sha256,
        corpus_sha256=made_features(recipe, run).corpus_sha256,
        seed=recipe.seed,
        acceptance=msgspec.json.decode(run.acceptance.read_bytes(), type=dict[str, float]),
        thresholds=dict(zip(recipe.families, points.thresholds, strict=True)),
        held_precision=dict(zip(recipe.families, points.precision, strict=True)),
        held_recall=dict(zip(recipe.families, points.recall, strict=True)),
        metrics=metrics,
        environment=msgspec.json.decode(run.environment.read_bytes(), type=dict[str, str]),
    )
    write_json(run.model_figures, figures)
