"""The evidence that starts an event, and the patience that replaces the votes of version 0.1."""

import math
from collections.abc import Iterator

from daemon.configuration.settings import FamilySettings, TrackerSettings
from daemon.configuration.value_types import Patience

# Fitted on train clips that were kept from training; docs/operations.md has the figures of each.
EVIDENCE: dict[Patience, float] = {"quick": 1.5, "normal": 3.0, "sure": 5.0}
"""The evidence that starts an event."""

_DEFAULT = TrackerSettings()
# The least seconds of votes that mean `normal`, and the most.
_LEAST_NORMAL_SECONDS, _MOST_NORMAL_SECONDS = 3.0, 5.0
_EPSILON_SECONDS = 1e-6


def common_patience(settings: TrackerSettings, hop_seconds: float) -> Patience:
    """Return the patience of families without settings of their own."""
    return settings.patience or patience_of_votes(
        settings.votes, settings.vote_seconds, hop_seconds
    )


def family_patience(settings: TrackerSettings, family: str, hop_seconds: float) -> Patience:
    """Return the patience of a family; its own settings take priority over the common ones."""
    own = settings.families.get(family, FamilySettings())
    if own.patience is not None:
        return own.patience
    if own.votes is not None or own.vote_seconds is not None:
        return patience_of_votes(*_votes_of(settings, own), hop_seconds)
    return common_patience(settings, hop_seconds)


def patience_of_votes(votes: int | None, vote_seconds: float, hop_seconds: float) -> Patience:
    """Return the patience that is most like `votes` detections within `vote_seconds`.

    None votes are two of every three windows. The defaults of 0.1 are `normal` at every hop.
    """
    if _are_defaults(votes, vote_seconds):
        return "normal"
    windows = windows_within(vote_seconds, hop_seconds)
    seconds = hop_seconds * (math.ceil(windows * 2 / 3) if votes is None else votes)
    if seconds < _LEAST_NORMAL_SECONDS - _EPSILON_SECONDS:
        return "quick"
    return "normal" if seconds <= _MOST_NORMAL_SECONDS + _EPSILON_SECONDS else "sure"


def windows_within(seconds: float, hop_seconds: float) -> int:
    """Return the number of windows that end within a period."""
    return math.ceil(seconds / hop_seconds - _EPSILON_SECONDS)


def vote_warnings(settings: TrackerSettings, hop_seconds: float) -> Iterator[str]:
    """Yield a line for each section that sets votes: what they mean now, and what to do.

    A line begins with the key of a setting and a colon. The defaults of version 0.1 do not count.
    """
    common = common_patience(settings, hop_seconds)
    if not _are_defaults(settings.votes, settings.vote_seconds):
        yield _vote_warning("tracker", settings.votes, common, settings.patience or "normal")
    for family, own in settings.families.items():
        sets_votes = own.votes is not None or own.vote_seconds is not None
        if sets_votes and not _are_defaults(*_votes_of(settings, own)):
            effect = family_patience(settings, family, hop_seconds)
            yield _vote_warning(
                f"tracker.families.{family}", own.votes, effect, own.patience or common
            )


def _vote_warning(section: str, votes: int | None, effect: Patience, without: Patience) -> str:
    """Return the line about a section with `votes`; `without` is its patience without them."""
    return (
        f"{section}.{'vote_seconds' if votes is None else 'votes'}: patience replaces votes and "
        f"vote_seconds; in effect now: {effect}; remove them"
        + (" and set patience" if effect != without else "")
    )


def _votes_of(settings: TrackerSettings, own: FamilySettings) -> tuple[int | None, float]:
    votes = settings.votes if own.votes is None else own.votes
    return votes, settings.vote_seconds if own.vote_seconds is None else own.vote_seconds


def _are_defaults(votes: int | None, vote_seconds: float) -> bool:
    return votes is None and vote_seconds == _DEFAULT.vote_seconds
