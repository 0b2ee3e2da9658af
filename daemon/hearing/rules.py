"""Derive the complete rules of each family, which decide when detections become an event.

Rules that could never start an event are refused with the calculation that shows it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from daemon.configuration.settings import FamilySettings, TrackerSettings
from daemon.errors import InputError

_EPSILON_SECONDS = 1e-6
# Keeps every release score above 0, the score of silence, which must end every event. Single
# precision would round values below 1e-38 to 0.
_LEAST_SCORE = 1e-30


class Rules(NamedTuple):
    """The complete rules of one family."""

    threshold: float
    """The score, above 0, from which a window is a detection."""
    release: float
    """The score, above 0 and at most `threshold`, from which a window continues an open event."""
    votes: int
    """Number of detections within `vote_seconds` that start an event, at least 1."""
    vote_seconds: float
    """The period within which `votes` detections start an event."""
    start_after_seconds: float
    """How long the sound must last before an event starts."""
    stop_after_seconds: float
    """The time without a window that continues the event, after which the event ends."""
    cooldown_seconds: float
    """The minimum time from the end of an event to the onset of the next."""


def rules(
    settings: TrackerSettings,
    families: Sequence[str],
    thresholds: Sequence[float],
    hop_seconds: float,
) -> list[Rules]:
    """Return the complete rules of each family, in the order of `families`.

    `thresholds` are the model's, in the same order. Raises InputError with one line for each
    configured family that the model does not have, and for each family whose rules could never
    start an event.
    """
    faults = [
        f"tracker.families.{name}: the model has no such family; it has {', '.join(families)}"
        for name in settings.families
        if name not in families
    ]
    found = []
    for family, threshold in zip(families, thresholds, strict=True):
        try:
            found.append(_family_rules(settings, family, threshold, hop_seconds))
        except InputError as error:
            faults += error.lines
    if faults:
        raise InputError(*dict.fromkeys(faults))
    return found


def release_of(threshold: float, share: float) -> float:
    """Return the score from which an open event continues: `share` of its threshold, never 0."""
    return max(share * threshold, min(threshold, _LEAST_SCORE))


def shortest_seconds(rules: Sequence[Rules], window_seconds: float, hop_seconds: float) -> float:
    """Return the length from which a recording can start an event by any of the rules.

    Return 0 if every length can. Windows end at window_seconds + k * hop_seconds; a recording
    shorter than a window is padded to one.
    """

    def shortest(rule: Rules) -> float:
        lasting = (rule.start_after_seconds - window_seconds) / hop_seconds - _EPSILON_SECONDS
        hops = max(rule.votes - 1, math.ceil(lasting))
        return window_seconds + hops * hop_seconds if hops > 0 else 0.0

    return min(map(shortest, rules))


def _family_rules(
    settings: TrackerSettings, family: str, model_threshold: float, hop_seconds: float
) -> Rules:
    own = settings.families.get(family, FamilySettings())

    def pick(name: str, otherwise: float = math.nan) -> float:
        exception = getattr(own, name)
        common = getattr(settings, name)
        return next(v for v in (exception, common, otherwise) if v is not None)

    def key(name: str) -> str:
        where = f"families.{family}." if getattr(own, name) is not None else ""
        return f"tracker.{where}{name}"

    threshold, hysteresis = pick("threshold", model_threshold), pick("hysteresis")
    threshold = max(threshold, _LEAST_SCORE)
    vote_seconds = pick("vote_seconds")
    windows = math.ceil(vote_seconds / hop_seconds - _EPSILON_SECONDS)
    votes = int(pick("votes", math.ceil(windows * 2 / 3)))
    if votes > windows:
        votes_key = key("votes" if own.vote_seconds is None else "vote_seconds")
        raise InputError(
            f"{votes_key}: {votes} votes can never be reached, since {vote_seconds:g} s "
            f"(vote_seconds) / {hop_seconds:g} s (hop_seconds) hold {windows} "
            f"window{'s' * (windows != 1)}; set votes to {windows} or less, "
            f"or vote_seconds to more than {(votes - 1) * hop_seconds:g}"
        )
    return Rules(
        threshold,
        release_of(threshold, 1.0 - hysteresis),
        votes,
        vote_seconds,
        pick("start_after_seconds"),
        pick("stop_after_seconds"),
        pick("cooldown_seconds"),
    )
