"""Move all thresholds until a model has few false events in a rehearsed day at home.

The model is run as in the daemon, on a day at home and on negatives in three places, all made of
the run's held-out clips. The clips of the evaluation are never among them.
"""

import logging
from collections.abc import Sequence

import msgspec
import numpy as np

from daemon.hearing.classifier import Classifier
from daemon.hearing.logits import shift_probability
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.room import shoebox_response
from model_build.corpus.clips import Clip
from model_build.evaluation.events.event_figures import EventFigures, event_figures
from model_build.evaluation.events.replay import events_of, heard_windows
from model_build.progress import with_progress
from model_build.recipe import Rehearsal
from model_build.run_folder import RunFolder
from model_build.windows.clip_sequences import clips_in_room
from model_build.windows.home_day import Day, Passage, compose_day
from model_build.windows.used_clips import held_clips

PLACES = ((0.6, 0.2, -21.0), (1.6, 0.45, -34.0), (3.0, 0.6, -43.0))  # metres, RT60 s, dBFS
PAUSE_SECONDS = 12.0
SHIFTS = np.arange(-1.0, 4.05, 0.1)  # of all thresholds, in logits
HIGHEST = 0.98

log = logging.getLogger(__name__)


class RehearsalResult(msgspec.Struct, frozen=True):
    """Thresholds that were tried in the rehearsal, and their figures there."""

    thresholds: tuple[float, ...]
    """A threshold in 0..1 for each family."""
    shift: float
    """How far they were moved, in logits."""
    figures: EventFigures
    """The events that the tracker finds at these thresholds, compared with the truth."""


def rehearse(
    classifier: Classifier, wanted: Rehearsal, run: RunFolder, *, seed: int
) -> RehearsalResult:
    """Move all thresholds of the classifier by the shift that names most passages correctly.

    Only shifts that keep to `wanted.false_events_an_hour` are considered. If none does, the one
    with the fewest false events is used, with a warning.
    """
    day = rehearsal_day(run, seed=seed, seconds=wanted.day_seconds)
    families, thresholds = classifier.contract.families, classifier.contract.thresholds
    heard = heard_windows(day.samples, classifier)
    seconds = len(day.samples) / SAMPLE_RATE_HZ
    results = []
    for shift in with_progress(SHIFTS, "rehearsed thresholds"):
        moved = tuple(
            min(HIGHEST, shift_probability(threshold, float(shift))) for threshold in thresholds
        )
        figures = event_figures(day.passages, events_of(heard, seconds, families, moved), seconds)
        results.append(RehearsalResult(moved, float(shift), figures))
    calm = [r for r in results if _false_events_an_hour(r) <= wanted.false_events_an_hour]
    if not calm:
        log.warning(
            "no thresholds meet false_events_an_hour; using those with the fewest false events"
        )
    return max(calm, key=_quality) if calm else min(results, key=_false_events_an_hour)


def rehearsal_day(run: RunFolder, *, seed: int, seconds: float) -> Day:
    """Return `seconds` of a day at home, followed by every negative in each of three places."""
    clips, read = held_clips(run)
    day = compose_day(clips, read, seed=seed, seconds=seconds)
    rng = np.random.default_rng(seed)
    sounds, passages = [day.samples], list(day.passages)
    negatives = [clip for clip in clips if clip.kind == "negative"]
    for metres, rt60_seconds, dbfs in PLACES if negatives else ():
        response = shoebox_response(rng, distance_metres=metres, rt60_seconds=rt60_seconds)
        sounds.append(np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE_HZ), np.float32))
        start_seconds = sum(map(len, sounds)) / SAMPLE_RATE_HZ
        sounds.append(clips_in_room(_shuffled(negatives, rng), read, response, dbfs=dbfs))
        end_seconds = start_seconds + len(sounds[-1]) / SAMPLE_RATE_HZ
        passages.append(Passage("negatives", (), start_seconds, end_seconds))
    return Day(np.concatenate(sounds), passages)


def _quality(result: RehearsalResult) -> float:
    """Passages detected plus passages named correctly, less wrong names, as shares of passages."""
    figures = result.figures
    return figures.right + figures.hits - figures.wrong_events / max(1, figures.passages)


def _false_events_an_hour(result: RehearsalResult) -> float:
    return result.figures.false_events / result.figures.hours


def _shuffled(clips: Sequence[Clip], rng: np.random.Generator) -> list[Clip]:
    return [clips[index] for index in rng.permutation(len(clips))]
