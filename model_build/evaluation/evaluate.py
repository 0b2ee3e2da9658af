"""A model file and the corpus' dev clips in, its figures out; dev decides nothing else."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import Classifier
from model_build.augmentations.room import shoebox_response
from model_build.corpus.clip_sound import clip_reader, usable
from model_build.corpus.clips import Clip, Corpus, log_skipped, read_corpus
from model_build.evaluation.clip_figures import (
    SINGLE_KINDS,
    SPLIT,
    Figures,
    HeardClips,
    figures,
    right_ones,
)
from model_build.evaluation.cost import costs
from model_build.evaluation.details import DayHeard, Details, Said, Shown
from model_build.evaluation.event_figures import event_figures
from model_build.evaluation.event_replay import alarms, events_in
from model_build.evaluation.scorers import Ear, float_ear, our_ear, peer_ear
from model_build.evaluation.sweep import Point, sweep
from model_build.progress import with_progress
from model_build.windows.home_day import day_at_home

SEED = 1
DAY_SECONDS = 3_600.0
PLACES = ((0.8, 0.25, -24.0), (2.0, 0.35, -32.0), (3.5, 0.5, -40.0))  # metres, RT60 s, dBFS
DECIMALS = 4  # of the scores that are kept

Hear = Callable[[Clip], NDArray[np.float32]]


class Evaluation(NamedTuple):
    """The figures of a model, then of a peer, by name; and what they were counted from."""

    figures: dict[str, Figures]
    details: Details


def evaluate(
    model: Path,
    corpus_folder: Path | None,
    *,
    peer: Path | None = None,
    network: Path | None = None,
    day_seconds: float | None = None,
) -> Evaluation:
    """Measure a model file as the daemon runs it: clips as windows, a day as events, its cost.

    `peer` is measured on the same clips; `network` is the model before it was quantised. The day
    lasts `day_seconds`, by default DAY_SECONDS. Raises InputError for a model or corpus that cannot
    be used.
    """
    classifier = Classifier(model)
    corpus = _readable(read_corpus(corpus_folder, classifier.contract.families))
    ears = {model.stem: our_ear(classifier)}
    if peer:
        ears[f"peer {peer.stem}"] = peer_ear(peer)
    heard = {name: heard_clips(corpus, by_clip(corpus, ear)) for name, ear in ears.items()}
    found = {n: figures(heard[n], ear.families, ear.thresholds) for n, ear in ears.items()}
    points = sweep(corpus, SPLIT, ears, seed=SEED)
    day = _day(corpus, classifier, DAY_SECONDS if day_seconds is None else day_seconds)
    found[model.stem] = msgspec.structs.replace(
        found[model.stem], **_events(corpus, classifier, day)
    )
    if network:
        floating = by_clip(corpus, float_ear(network, classifier))
        top1 = _room_top1(heard[model.stem], floating, ears[model.stem].families)
        found[model.stem] = msgspec.structs.replace(found[model.stem], float_room_top1=top1)
    said = {name: _said(heard[name], ear, points[name]) for name, ear in ears.items()}
    details = Details(_shown(heard[model.stem]), said, day)
    return Evaluation(_with_costs(found, model, *([peer] if peer else [])), details)


def by_clip(corpus: Corpus, ear: Ear) -> Hear:
    """The ear as a function of clips of the corpus."""
    read = clip_reader(corpus)
    return lambda clip: ear.hear(read(clip))


def heard_clips(corpus: Corpus, hear: Hear) -> HeardClips:
    """The corpus' dev clips by kind, as any function from a clip to scores (families,) hears them.

    Raises InputError when there are no phrases.
    """
    dev = [clip for clip in corpus.clips if clip.split == SPLIT]
    clips = {
        kind: [clip for clip in dev if clip.kind == kind]
        for kind in (*SINGLE_KINDS, "negative", "mixture")
    }
    if not clips["phrase"]:
        raise InputError(f"corpus {corpus.folder}: has no {SPLIT} phrases to measure with")
    return HeardClips(clips, {kind: _scores(some, hear) for kind, some in clips.items() if some})


def _scores(clips: Sequence[Clip], hear: Hear) -> NDArray[np.float32]:
    """Scores (clips, families)."""
    return np.stack([hear(clip) for clip in with_progress(clips, f"{clips[0].kind} clips")])


def _readable(corpus: Corpus) -> Corpus:
    """The corpus' clips to measure with, without those that cannot be: a warning names them."""
    clips, skipped = usable([clip for clip in corpus.clips if clip.split == SPLIT], corpus.folder)
    log_skipped(skipped)
    return corpus._replace(clips=clips)


def _day(corpus: Corpus, classifier: Classifier, seconds: float) -> DayHeard:
    day = day_at_home(corpus, SPLIT, seed=SEED, seconds=seconds)
    return DayHeard(seconds, day.passages, events_in(day.samples, classifier))


def _events(corpus: Corpus, classifier: Classifier, day: DayHeard) -> dict[str, Any]:
    """What the daemon makes of a day at home, and of all negatives in three places."""
    rng = np.random.default_rng(SEED)
    places = [
        (shoebox_response(rng, distance_metres=metres, rt60_seconds=seconds), dbfs)
        for metres, seconds, dbfs in PLACES
    ]
    return {
        "day": event_figures(day.passages, day.events, day.seconds),
        "alarms": alarms(corpus, SPLIT, classifier, places),
    }


def _room_top1(heard: HeardClips, hear: Hear, families: Sequence[str]) -> float | None:
    """The share of the room clips that another way of hearing them names right."""
    clips = heard.clips["room"]
    return float(np.mean(right_ones(_scores(clips, hear), families, clips))) if clips else None


def _with_costs(found: dict[str, Figures], *models: Path) -> dict[str, Figures]:
    return {
        name: msgspec.structs.replace(one, cost=spent, size_bytes=path.stat().st_size)
        for (name, one), path, spent in zip(found.items(), models, costs(*models), strict=True)
    }


def _shown(heard: HeardClips) -> dict[str, Shown]:
    return {
        clip.path: Shown(clip.kind, clip.label, clip.accepts, clip.source)
        for clips in heard.clips.values()
        for clip in clips
    }


def _said(heard: HeardClips, ear: Ear, points: list[Point]) -> Said:
    scores = {
        clip.path: tuple(round(float(score), DECIMALS) for score in row)
        for kind, rows in heard.scores.items()
        for clip, row in zip(heard.clips[kind], rows, strict=True)
    }
    return Said(ear.families, scores, points)
