"""Move the thresholds until a model has few false events in a rehearsed day at home.

The model is run as in the daemon, on a day at home, on negatives in three places and on steady
tones, all made of the run's held-out clips or computed. The clips of the evaluation are never among
them.
"""

import logging
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from daemon.hearing.classifier import Classifier
from daemon.hearing.logits import shift_probability
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.room import shoebox_response
from model_build.corpus.clip_sound import Samples
from model_build.corpus.clips import Clip
from model_build.evaluation.events.event_figures import EventFigures, event_figures
from model_build.evaluation.events.replay import events_of, heard_windows
from model_build.progress import with_progress
from model_build.recipe import Rehearsal
from model_build.rendering.household.steady_tones import steady_tone
from model_build.run_folder import RunFolder
from model_build.windows.clip_sequences import clips_in_room
from model_build.windows.home_day import Day, Passage, compose_day
from model_build.windows.used_clips import held_clips

PLACES = ((0.6, 0.2, -21.0), (1.6, 0.45, -34.0), (3.0, 0.6, -43.0))  # metres, RT60 s, dBFS
PAUSE_SECONDS = 12.0
SHIFTS = np.arange(-2.0, 4.05, 0.1)  # of all thresholds, in logits
FAMILY_STEPS = (1.0, 0.5, 0.25)  # of one family's threshold, in logits
LEAST_GAIN_PASSAGES = 0.4  # by which each step must be better
FAMILY_SHARE = 0.5  # of a family's best shift; the days hold too few of its players for more
HIGHEST = 0.98
STEADY_TONE_SECONDS = 30.0
STEADY_DBFS = (-58.0, -30.0)

log = logging.getLogger(__name__)

Try = Callable[[Sequence[float]], "RehearsalResult"]
"""Replays the rehearsal with every threshold moved by its own shift, in logits."""


class RehearsalResult(msgspec.Struct, frozen=True):
    """Thresholds that were tried in the rehearsal, and their figures there."""

    thresholds: tuple[float, ...]
    """A threshold in 0..1 for each family."""
    shift: float
    """How far all of them were moved, in logits."""
    family_shifts: tuple[float, ...]
    """How far each of them was moved further, in logits."""
    figures: EventFigures
    """The events that the tracker finds at these thresholds, compared with the truth."""


def rehearse(
    classifier: Classifier, wanted: Rehearsal, run: RunFolder, *, seed: int
) -> RehearsalResult:
    """Move the thresholds of the classifier by the shifts that name most passages correctly.

    First all thresholds are moved alike. With `wanted.false_event_cost`, each is then moved further
    where that helps. Without it, only shifts that keep to `wanted.false_events_an_hour` are
    considered; if none does, the one with the fewest false events is used, with a warning. A
    family has few players on these days, so only `FAMILY_SHARE` of its own shift is used.
    """
    day = rehearsal_day(
        run,
        seed=seed,
        seconds=wanted.day_seconds,
        days=wanted.days,
        steady_seconds=wanted.steady_seconds,
    )
    families, thresholds = classifier.contract.families, classifier.contract.thresholds
    heard = heard_windows(day.samples, classifier)
    seconds = len(day.samples) / SAMPLE_RATE_HZ

    def attempt(shift: float, family_shifts: Sequence[float]) -> RehearsalResult:
        moved = tuple(
            min(HIGHEST, shift_probability(threshold, shift + own))
            for threshold, own in zip(thresholds, family_shifts, strict=True)
        )
        figures = event_figures(day.passages, events_of(heard, seconds, families, moved), seconds)
        return RehearsalResult(moved, shift, tuple(family_shifts), figures)

    none = (0.0,) * len(families)
    results = [
        attempt(float(shift), none) for shift in with_progress(SHIFTS, "rehearsed thresholds")
    ]
    if cost := wanted.false_event_cost:
        best = max(results, key=lambda result: _gain(result, cost))
        found = _refined(best, cost, lambda own: attempt(best.shift, own))
        return attempt(best.shift, [FAMILY_SHARE * own for own in found.family_shifts])
    calm = [r for r in results if _false_events_an_hour(r) <= wanted.false_events_an_hour]
    if not calm:
        log.warning(
            "no thresholds meet false_events_an_hour; using those with the fewest false events"
        )
        return min(results, key=_false_events_an_hour)
    return max(calm, key=_quality)


def _refined(best: RehearsalResult, cost: float, attempt: Try) -> RehearsalResult:
    """Move the threshold of one family after the other, in ever smaller steps, where that helps."""
    families = range(len(best.family_shifts))
    turns = [(step, family) for step in FAMILY_STEPS for family in families]
    for step, family in with_progress(turns, "thresholds of each family"):
        own = best.family_shifts
        for moved in (own[family] + step * times for times in (-2, -1, 1, 2)):
            tried = attempt((*own[:family], moved, *own[family + 1 :]))
            if _gain(tried, cost) >= _gain(best, cost) + LEAST_GAIN_PASSAGES:
                best = tried
    return best


def rehearsal_day(
    run: RunFolder, *, seed: int, seconds: float, days: int = 1, steady_seconds: float = 0.0
) -> Day:
    """Return `days` of `seconds` at home, then each negative in three places, then steady tones.

    Each day is in rooms of its own.
    """
    clips, read = held_clips(run)
    sounds: list[Samples] = []
    passages: list[Passage] = []
    for number in range(days):
        day = compose_day(clips, read, seed=seed + number, seconds=seconds)
        passages += [_later(passage, number * seconds) for passage in day.passages]
        sounds.append(day.samples)
    rng = np.random.default_rng(seed)
    negatives = [clip for clip in clips if clip.kind == "negative"]
    for metres, rt60_seconds, dbfs in PLACES if negatives else ():
        response = shoebox_response(rng, distance_metres=metres, rt60_seconds=rt60_seconds)
        sounds.append(np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE_HZ), np.float32))
        start_seconds = sum(map(len, sounds)) / SAMPLE_RATE_HZ
        sounds.append(clips_in_room(_shuffled(negatives, rng), read, response, dbfs=dbfs))
        end_seconds = start_seconds + len(sounds[-1]) / SAMPLE_RATE_HZ
        passages.append(Passage("negatives", (), start_seconds, end_seconds))
    sounds += _steady_tones(rng, steady_seconds)
    return Day(np.concatenate(sounds), passages)


def _later(passage: Passage, seconds: float) -> Passage:
    return passage._replace(
        start_seconds=passage.start_seconds + seconds, end_seconds=passage.end_seconds + seconds
    )


def _steady_tones(rng: np.random.Generator, seconds: float) -> list[Samples]:
    """Return steady tones of random levels, each after a pause."""
    pause = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE_HZ), np.float32)
    tones: list[Samples] = []
    for _ in range(round(seconds / (STEADY_TONE_SECONDS + PAUSE_SECONDS))):
        tone = steady_tone(rng, round(STEADY_TONE_SECONDS * SAMPLE_RATE_HZ))
        tones += [pause, level(tone, dbfs=rng.uniform(*STEADY_DBFS))]
    return tones


def _gain(result: RehearsalResult, cost: float) -> float:
    """Return `_quality` in passages, less the cost of the false events."""
    figures = result.figures
    return _quality(result) * max(1, figures.passages) - cost * figures.false_events


def _quality(result: RehearsalResult) -> float:
    """Passages detected plus passages named correctly, less wrong names, as shares of passages."""
    figures = result.figures
    return figures.right + figures.hits - figures.wrong_events / max(1, figures.passages)


def _false_events_an_hour(result: RehearsalResult) -> float:
    return result.figures.false_events / result.figures.hours


def _shuffled(clips: Sequence[Clip], rng: np.random.Generator) -> list[Clip]:
    return [clips[index] for index in rng.permutation(len(clips))]
