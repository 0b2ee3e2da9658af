"""Measure a model on the corpus' dev clips, which decide nothing about the model itself."""

from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from daemon.hearing.classifier import Classifier, load_classifier
from model_build.augmentations.room import shoebox_response
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
from model_build.evaluation.details import DayResult, Details, measured_clips, model_scores
from model_build.evaluation.events.event_figures import event_figures
from model_build.evaluation.events.false_alarms import Alarms, count_alarms
from model_build.evaluation.events.replay import events_in
from model_build.evaluation.figures import Figures
from model_build.evaluation.instruments import measure_instruments
from model_build.evaluation.models import float_model, our_model, peer_model
from model_build.evaluation.sweep import sweep
from model_build.windows.home_day import day_at_home

SEED = 1
DAY_SECONDS = 3_600.0
PLACES = ((0.8, 0.25, -24.0), (2.0, 0.35, -32.0), (3.5, 0.5, -40.0))  # metres, RT60 s, dBFS


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
) -> Evaluation:
    """Measure a model file, its cost and size included; see `evaluate`.

    Raises InputError if the model or the corpus cannot be used.
    """
    evaluation = evaluate(
        load_classifier(model),
        corpus_folder,
        name=model.stem,
        peer=peer,
        network=network,
        day_seconds=day_seconds,
    )
    return with_costs(evaluation, model, peer)


def evaluate(
    classifier: Classifier,
    corpus_folder: Path | None,
    *,
    name: str,
    peer: Path | None = None,
    network: Path | None = None,
    day_seconds: float | None = None,
) -> Evaluation:
    """Measure a classifier as the daemon runs it: clips as windows, and a day as events.

    `name` names its figures. `peer` is YAMNet's `.tflite`, measured on the same clips; `network`
    is the Keras network before quantization. The day has `day_seconds`, by default DAY_SECONDS.
    Raises InputError if the corpus cannot be used.
    """
    corpus = usable_dev_clips(read_corpus(corpus_folder, classifier.contract.families))
    models = {name: our_model(classifier)}
    if peer:
        models[f"peer {peer.stem}"] = peer_model(peer)
    scored = {n: score_dev_clips(corpus, clip_scorer(corpus, m)) for n, m in models.items()}
    found = {n: clip_figures(scored[n], m.families, m.thresholds) for n, m in models.items()}
    points = sweep(corpus, SPLIT, models, seed=SEED)
    day = _replay_day(corpus, classifier, DAY_SECONDS if day_seconds is None else day_seconds)
    found[name] = msgspec.structs.replace(
        found[name],
        day=event_figures(day.passages, day.events, day.seconds),
        alarms=_alarms(corpus, classifier),
        instruments=measure_instruments(corpus, classifier, seed=SEED),
        float_room_top1=_float_room_top1(network, classifier, corpus, scored[name]),
    )
    scores = {n: model_scores(scored[n], m, points[n]) for n, m in models.items()}
    return Evaluation(found, Details(measured_clips(scored[name]), scores, day))


def with_costs(evaluation: Evaluation, model: Path, peer: Path | None) -> Evaluation:
    """Return the evaluation with the cost and size of each model's file."""
    files = [model, *([peer] if peer else [])]
    figures = {
        name: msgspec.structs.replace(one, cost=cost, size_bytes=file.stat().st_size)
        for (name, one), file, cost in zip(
            evaluation.figures.items(), files, measure_costs(*files), strict=True
        )
    }
    return evaluation._replace(figures=figures)


def _replay_day(corpus: Corpus, classifier: Classifier, seconds: float) -> DayResult:
    day = day_at_home(corpus, SPLIT, seed=SEED, seconds=seconds)
    return DayResult(seconds, day.passages, events_in(day.samples, classifier))


def _alarms(corpus: Corpus, classifier: Classifier) -> Alarms:
    rng = np.random.default_rng(SEED)
    places = [
        (shoebox_response(rng, distance_metres=metres, rt60_seconds=seconds), dbfs)
        for metres, seconds, dbfs in PLACES
    ]
    return count_alarms(corpus, SPLIT, classifier, places)


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
