"""Measure a model on the corpus' dev clips, which decide nothing about the model itself."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
import numpy as np

from daemon.hearing.classifier import Classifier, load_classifier
from model_build.corpus.clips import Corpus, read_corpus
from model_build.evaluation.clip_figures import clip_figures, named_right
from model_build.evaluation.clip_scores import (
    SPLIT,
    ClipScores,
    clip_scorer,
    score_clips,
    score_dev_clips,
    usable_dev_clips,
)
from model_build.evaluation.cost import measure_costs
from model_build.evaluation.details import Details, measured_clips, model_scores
from model_build.evaluation.dev_rows import SECOND_PATHS, divided, with_rooms
from model_build.evaluation.events.day_and_alarms import replay_days_and_alarms
from model_build.evaluation.figures import Figures
from model_build.evaluation.instruments import measure_instruments
from model_build.evaluation.models import (
    Model,
    ModelSource,
    float_model,
    our_model,
    peer_model,
)
from model_build.evaluation.sweep import sweep

SEED = 1


class Evaluation(NamedTuple):
    """The result of measuring a model, and perhaps a peer."""

    figures: dict[str, Figures]
    """The figures of each model by name, ours first."""
    details: Details
    """The scores and events that the figures are computed from."""


def evaluate_file(
    model: Path,
    corpus_folder: Path | None,
    *,
    peer: Path | None = None,
    network: Path | None = None,
    day_seconds: float | None = None,
    second: str = SECOND_PATHS,
    workers: int | None = None,
) -> Evaluation:
    """Measure a model file, its cost and size included; see `evaluate`.

    Raises InputError if the model or the corpus cannot be used.
    """
    evaluation = evaluate(
        ModelSource(model, load_classifier(model).contract),
        corpus_folder,
        name=model.stem,
        peer=peer,
        network=network,
        day_seconds=day_seconds,
        second=second,
        workers=workers,
    )
    return with_costs(evaluation, model, peer)


def evaluate(
    source: ModelSource,
    corpus_folder: Path | None,
    *,
    name: str,
    peer: Path | None = None,
    network: Path | None = None,
    day_seconds: float | None = None,
    second: str = SECOND_PATHS,
    workers: int | None = None,
) -> Evaluation:
    """Measure a model as the daemon runs it: clips as windows, and days as events.

    `name` names its figures. `peer` is YAMNet's `.tflite`, measured on the same clips; `network`
    is the Keras network before quantization. Each day has `day_seconds`, by default an hour. Clips
    whose path begins with `second` are measured apart, see `divided`. `workers` is the number of
    processes, by default one per core. Raises InputError if the corpus cannot be used.
    """
    classifier = source.classifier()
    corpus = usable_dev_clips(read_corpus(corpus_folder, classifier.contract.families))
    first, later = divided(corpus, second)
    models = {name: our_model(classifier)}
    if peer:
        models[f"peer {peer.stem}"] = peer_model(peer)
    scored = {n: score_dev_clips(first, clip_scorer(first, m)) for n, m in models.items()}
    found = {n: clip_figures(scored[n], m.families, m.thresholds) for n, m in models.items()}
    points = sweep(first, SPLIT, models, seed=SEED)
    events = replay_days_and_alarms(source, first, later, day_seconds=day_seconds, workers=workers)
    if later:
        apart = _second_figures(corpus, later, models, workers)
        apart[name] = msgspec.structs.replace(apart[name], alarms=events.second_alarms)
        found = {
            n: msgspec.structs.replace(f, second=apart[n], second_paths=second)
            for n, f in found.items()
        }
    found[name] = msgspec.structs.replace(
        found[name],
        day=events.day,
        alarms=events.alarms,
        steady=events.steady,
        instruments=measure_instruments(first, classifier, seed=SEED),
        float_room_top1=_float_room_top1(network, classifier, first, scored[name]),
    )
    scores = {n: model_scores(scored[n], m, points[n]) for n, m in models.items()}
    details = Details(measured_clips(scored[name]), scores, events.days, events.others)
    return Evaluation(found, details)


def with_costs(evaluation: Evaluation, model: Path, peer: Path | None) -> Evaluation:
    """Return the evaluation with the cost and size of each model's file."""
    files = [model, *([peer] if peer else [])]
    figures = {
        name: msgspec.structs.replace(one, cost=cost, size_bytes=file.stat().st_size)
        for (name, one), file, cost in zip(
            evaluation.figures.items(), files, measure_costs(model, peer), strict=True
        )
    }
    return evaluation._replace(figures=figures)


def _second_figures(
    corpus: Corpus, later: Corpus, models: Mapping[str, Model], workers: int | None
) -> dict[str, Figures]:
    """Return each model's figures of the later clips and of their phrases in simulated rooms.

    The background noises are those of the whole corpus.
    """
    noises = [clip for clip in corpus.clips if clip.kind == "negative" and clip.label == "noise"]
    with TemporaryDirectory() as folder:
        rows = with_rooms(later, noises, Path(folder), seed=SEED, workers=workers)
        return {
            name: clip_figures(
                score_dev_clips(rows, clip_scorer(rows, model)), model.families, model.thresholds
            )
            for name, model in models.items()
        }


def _float_room_top1(
    network: Path | None, classifier: Classifier, corpus: Corpus, scored: ClipScores
) -> float | None:
    """Return the share of room clips that the network before quantization names correctly."""
    clips = scored.clips["room"]
    if network is None or not clips:
        return None
    model = float_model(network, classifier)
    scores = score_clips(clips, clip_scorer(corpus, model))
    return float(np.mean(named_right(scores, model.families, clips)))
