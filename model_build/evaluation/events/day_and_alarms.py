"""Replay all long recordings of an evaluation, and compute their figures."""

from typing import NamedTuple

from model_build.corpus.clips import Corpus
from model_build.evaluation.events.event_figures import EventFigures, pooled_figures
from model_build.evaluation.events.false_alarms import Alarms, alarms_in
from model_build.evaluation.events.recordings import (
    HomeDay,
    Recording,
    SteadySounds,
    negatives_in_rooms,
    replay_all,
)
from model_build.evaluation.events.replayed import Replayed
from model_build.evaluation.models import ModelSource

SEED = 1
DAY_SEEDS = (1, 2, 3, 4, 5)
DAY_SECONDS = 3_600.0
STEADY_SECONDS = 1_200.0


class DayAndAlarms(NamedTuple):
    """The events of all long recordings, and their figures."""

    day: EventFigures
    """The days at home, together."""
    alarms: Alarms | None
    """The negatives in three rooms; None if there are none."""
    second_alarms: Alarms | None
    """The negatives of the second table in the same rooms; None if there are none."""
    steady: Alarms
    """The steady sounds."""
    days: list[Replayed]
    """The days at home."""
    others: list[Replayed]
    """The other recordings, none of which holds music."""


def replay_days_and_alarms(
    model: ModelSource,
    first: Corpus,
    second: Corpus | None,
    *,
    day_seconds: float | None = None,
    workers: int | None = None,
) -> DayAndAlarms:
    """Replay days at home, negatives in rooms and steady sounds through the daemon.

    Days and negatives are made of the dev clips of `first`, further negatives of those of `second`.
    Each day has `day_seconds`, by default an hour.
    """
    seconds = DAY_SECONDS if day_seconds is None else day_seconds
    days: list[Recording] = [HomeDay(first, seed, seconds) for seed in DAY_SEEDS]
    negatives = negatives_in_rooms(first, seed=SEED)
    later = negatives_in_rooms(second, seed=SEED) if second else []
    steady = SteadySounds(SEED, min(STEADY_SECONDS, seconds))
    found = replay_all(model, [*days, steady, *negatives, *later], workers)
    rest = found[len(days) + 1 :]
    return DayAndAlarms(
        day=pooled_figures(found[: len(days)]),
        alarms=_alarms(rest[: len(negatives)]),
        second_alarms=_alarms(rest[len(negatives) :]),
        steady=alarms_in([found[len(days)]]),
        days=found[: len(days)],
        others=found[len(days) :],
    )


def _alarms(recordings: list[Replayed]) -> Alarms | None:
    return alarms_in(recordings) if recordings else None
