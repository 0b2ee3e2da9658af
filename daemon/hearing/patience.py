"""The evidence that starts an event, and the patience that replaces the votes of version 0.1."""

import math

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


def vote_warning(settings: TrackerSettings, hop_seconds: float) -> str | None:
    """Return a line about configured votes and what they mean now; None if there are none.

    It begins with the key of a setting and a colon. The defaults of version 0.1 do not count.
    """
    common = settings.votes, settings.vote_seconds
    sections = {"tracker": (settings.patience, *common)}
    for name, own in settings.families.items():
        if own.votes is not None or own.vote_seconds is not None:
            sections[f"tracker.families.{name}"] = own.patience, *_votes_of(settings, own)
    effects = {
        section: patience or patience_of_votes(votes, vote_seconds, hop_seconds)
        for section, (patience, votes, vote_seconds) in sections.items()
        if not _are_defaults(votes, vote_seconds)
    }
    if not effects:
        return None
    first = next(iter(effects))
    key = "vote_seconds" if sections[first][1] is None else "votes"
    return (
        f"{first}.{key}: votes and vote_seconds are replaced by patience, which is now "
        f"{', '.join(f'{patience} for {section}' for section, patience in effects.items())}; "
        "set patience there instead"
    )


def _votes_of(settings: TrackerSettings, own: FamilySettings) -> tuple[int | None, float]:
    votes = settings.votes if own.votes is None else own.votes
    return votes, settings.vote_seconds if own.vote_seconds is None else own.vote_seconds


def _are_defaults(votes: int | None, vote_seconds: float) -> bool:
    return votes is None and vote_seconds == _DEFAULT.vote_seconds
