"""A model and its run's held-back clips in; thresholds out at which it is calm enough for a home.

It is tried as the daemon would run it, on a day at home and on negatives in three places. The clips
that a model is measured with are never among them.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from daemon.hearing.classifier import Classifier
from daemon.hearing.logits import shifted
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.room import shoebox_response
from model_build.corpus.clips import Clip
from model_build.evaluation.event_figures import EventFigures, event_figures
from model_build.evaluation.event_replay import events_of, heard_windows
from model_build.progress import with_progress
from model_build.recipe import Recipe, Rehearsal
from model_build.run_folder import RunFolder
from model_build.windows.clip_sequences import clips_in_room
from model_build.windows.home_day import Day, Passage, compose_day
from model_build.windows.used_clips import held_clips

PLACES = ((0.6, 0.2, -21.0), (1.6, 0.45, -34.0), (3.0, 0.6, -43.0))  # metres, RT60 s, dBFS
PAUSE_SECONDS = 12.0
SHIFTS = np.arange(-1.0, 4.05, 0.1)  # of all thresholds, in logits
HIGHEST = 0.98

log = logging.getLogger(__name__)


class Rehearsed(msgspec.Struct, frozen=True):
    """The thresholds found, by how much they moved, and what the tracker made of them there."""

    thresholds: tuple[float, ...]
    shift: float
    figures: EventFigures


def rehearse(model: Path, recipe: Recipe, wanted: Rehearsal, run: RunFolder) -> Rehearsed:
    """Move all of the model's thresholds together to where most passages are named right.

    Only thresholds that keep to the recipe's false_events_an_hour are considered; if none do, those
    with the fewest false events are used.
    """
    day = rehearsal(run, seed=recipe.seed, seconds=wanted.day_seconds)
    classifier = Classifier(model)
    families, thresholds = recipe.families, classifier.contract.thresholds
    heard = heard_windows(day.samples, classifier)
    seconds = len(day.samples) / SAMPLE_RATE_HZ
    tried = []
    for shift in with_progress(SHIFTS, "rehearsed thresholds"):
        moved = tuple(min(HIGHEST, shifted(threshold, float(shift))) for threshold in thresholds)
        events = events_of(heard, seconds, families, moved)
        tried.append(Rehearsed(moved, float(shift), event_figures(day.passages, events, seconds)))
    calm = [t for t in tried if _false_events_an_hour(t) <= wanted.false_events_an_hour]
    if not calm:
        log.warning(
            "no thresholds meet false_events_an_hour; using those with the fewest false events"
        )
    return max(calm, key=_named) if calm else min(tried, key=_false_events_an_hour)


def _named(rehearsed: Rehearsed) -> float:
    """The share of passages heard and named right; each wrong name undoes a right one."""
    figures = rehearsed.figures
    return figures.right + figures.hits - figures.wrong_events / max(1, figures.passages)


def _false_events_an_hour(rehearsed: Rehearsed) -> float:
    return rehearsed.figures.false_events / rehearsed.figures.hours


def rehearsal(run: RunFolder, *, seed: int, seconds: float) -> Day:
    """`seconds` of a day at home, then every negative in each of three places."""
    clips, read = held_clips(run)
    day = compose_day(clips, read, seed=seed, seconds=seconds)
    rng = np.random.default_rng(seed)
    sounds, passages = [day.samples], list(day.passages)
    negatives = [clip for clip in clips if clip.kind == "negative"]
    for metres, rt60_seconds, dbfs in PLACES if negatives else ():
        response = shoebox_response(rng, distance_metres=metres, rt60_seconds=rt60_seconds)
        sounds.append(np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE_HZ), np.float32))
        start_seconds = sum(map(len, sounds)) / SAMPLE_RATE_HZ
        sounds.append(clips_in_room(_mixed(negatives, rng), read, response, dbfs=dbfs))
        end_seconds = start_seconds + len(sounds[-1]) / SAMPLE_RATE_HZ
        passages.append(Passage("negatives", (), start_seconds, end_seconds))
    return Day(np.concatenate(sounds), passages)


def _mixed(clips: Sequence[Clip], rng: np.random.Generator) -> list[Clip]:
    return [clips[place] for place in rng.permutation(len(clips))]
