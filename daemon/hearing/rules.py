"""When a run of detections is an event: settings in, each family's complete rules out.

Rules that could never start an event are refused with the sum that shows it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from daemon.configuration.settings import FamilySettings, TrackerSettings
from daemon.errors import InputError

_EPSILON_SECONDS = 1e-6
# Silence has the score 0 and ends every event; single precision takes less than 1e-38 for 0.
_LEAST_SCORE = 1e-30


class Rules(NamedTuple):
    """One family's settings, complete. `release`: an open event lives on above this score."""

    threshold: float
    release: float
    votes: int
    vote_seconds: float
    start_after_seconds: float
    stop_after_seconds: float
    cooldown_seconds: float


def rules(
    settings: TrackerSettings,
    families: Sequence[str],
    thresholds: Sequence[float],
    hop_seconds: float,
) -> list[Rules]:
    """Each family's complete rules, in the order of `families`.

    Raises InputError, with a line for each family that the model does not know and for each rule
    that could never start an event: the key and the sum that shows it.
    """
    faults = [
        f"tracker.families.{name}: the model knows no such family; it knows {', '.join(families)}"
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
    """The score above which an open event lives on: that share of its threshold, never 0."""
    return max(share * threshold, min(threshold, _LEAST_SCORE))


def shortest_seconds(rules: Sequence[Rules], window_seconds: float, hop_seconds: float) -> float:
    """How long a recording must be for any of the rules to start an event; 0 for any length.

    Windows end at window_seconds + k * hop_seconds; a shorter recording is padded to one window.
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
