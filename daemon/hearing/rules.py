"""Derive the complete rules of each family, which decide when evidence becomes an event.

Rules that could never start an event are refused with the calculation that shows it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from daemon.configuration.settings import FamilySettings, TrackerSettings
from daemon.configuration.value_types import Patience
from daemon.errors import InputError
from daemon.hearing.evidence import least_patches
from daemon.hearing.model_file import Contract
from daemon.hearing.patch_grid import GRID_SECONDS, first_patch_seconds, patch_seconds
from daemon.hearing.patience import EVIDENCE, family_patience, windows_within
from daemon.sound.window import WINDOW_SECONDS

_EPSILON_SECONDS = 1e-6
# Shorter sounds, such as the strike of a drum, start no event of a class.
_LEAST_CLASS_SECONDS = 2.0
# Keeps every release score above 0, the score of silence, which must end every event. Single
# precision would round values below 1e-38 to 0.
_LEAST_SCORE = 1e-30


class Rules(NamedTuple):
    """The complete rules of one family."""

    threshold: float
    """The score, above 0 and below 1, that a patch must clearly exceed to be evidence."""
    release: float
    """The score, above 0 and at most `threshold`, from which a window continues an open event."""
    patience: Patience
    """How much evidence starts an event."""
    start_after_seconds: float
    """How long the sound must last before an event starts."""
    stop_after_seconds: float
    """How long no window continues the event before it ends."""
    cooldown_seconds: float
    """The minimum time from the end of an event to the onset of the next."""

    @property
    def evidence(self) -> float:
        """The evidence that starts an event."""
        return EVIDENCE[self.patience]


def model_rules(settings: TrackerSettings, contract: Contract, hop_seconds: float) -> list[Rules]:
    """Return the complete rules of a model's families or classes, in their order.

    A class needs sound of 2 seconds or more. Raises InputError as `rules` does.
    """
    found = rules(
        *(settings, contract.families, contract.thresholds, hop_seconds), noun=contract.noun
    )
    if not contract.has_classes:
        return found
    # From the start of the first patch to that of the last, whatever the length of a patch.
    least = _LEAST_CLASS_SECONDS + patch_seconds(contract)
    return [
        rule._replace(start_after_seconds=max(rule.start_after_seconds, least)) for rule in found
    ]


def rules(
    settings: TrackerSettings,
    families: Sequence[str],
    thresholds: Sequence[float],
    hop_seconds: float,
    *,
    noun: str = "family",
) -> list[Rules]:
    """Return the complete rules of each family, in the order of `families`.

    `thresholds` are the model's, in the same order; messages call a family `noun`. Raises
    InputError with one line for each configured family that the model does not have, and for each
    family whose rules could never start an event.
    """
    faults = [
        f"tracker.families.{name}: the model has no such {noun}; it has {', '.join(families)}"
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


def shortest_seconds(rules: Sequence[Rules], contract: Contract, hop_seconds: float) -> float:
    """Return the length that a recording needs at least to start an event by any of the rules.

    Windows end at 4 s + k * hop_seconds; a recording shorter than a window is padded to one, so
    its last patch may contain little of it.
    """

    def shortest(rule: Rules) -> float:
        lasting = (rule.start_after_seconds - patch_seconds(contract)) / GRID_SECONDS
        longer = 1 + max(0, math.ceil(lasting - _EPSILON_SECONDS))
        patches = max(least_patches(rule.evidence), longer)
        last_start = first_patch_seconds(contract) + (patches - 1) * GRID_SECONDS
        after_window = last_start + patch_seconds(contract) - WINDOW_SECONDS
        hops = math.ceil(after_window / hop_seconds - _EPSILON_SECONDS)
        return WINDOW_SECONDS + hops * hop_seconds if hops > 0 else last_start

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
    windows = windows_within(vote_seconds, hop_seconds)
    votes = int(pick("votes", 0))
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
        family_patience(settings, family, hop_seconds),
        pick("start_after_seconds"),
        pick("stop_after_seconds"),
        pick("cooldown_seconds"),
    )
