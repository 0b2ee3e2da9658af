"""What the history keeps beside the summaries of sessions."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple


class EventRecord(NamedTuple):
    """One event. While it is open, its record says what a crash would leave: `interrupted`."""

    event_id: str
    """The unique id that its messages have, too."""
    family: str
    """The family that played."""
    onset: float
    """Wall time of the onset, in seconds since 1970."""
    seconds: float
    """Duration."""
    peak: float
    """The highest score, as shown, 0..1."""
    reason: str | None
    """Why it ended if the player did not stop; else None."""


class DayRecord(NamedTuple):
    """The playing of one local date."""

    day: date
    """The date."""
    seconds: float
    """Seconds played by any family; simultaneous playing counts once."""
    families: Mapping[str, float]
    """Seconds played by each family."""


class WeekRecord(NamedTuple):
    """The playing of one week, from Monday."""

    seconds: float
    """Seconds played by any family; simultaneous playing counts once."""
    families: Mapping[str, float]
    """Seconds played by each family that played, in the order of their first days."""
