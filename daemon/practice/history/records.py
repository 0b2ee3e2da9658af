"""What the history keeps beside the summaries of sessions, and what is deleted from it."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

# What is left of a family's day after a session was deleted, if it is only rounding.
_LEAST_SECONDS = 0.5


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


class Deletion(NamedTuple):
    """What to delete: everything of a place, unless a session or a day is named."""

    place: str
    """The place."""
    session: float | None = None
    """The wall time at which the session started."""
    day: date | None = None
    """The local date. Its sessions are those that start on it."""


class Deleted(NamedTuple):
    """What was deleted, so that others can forget it, too."""

    sessions: frozenset[float] = frozenset()
    """The wall times at which the deleted sessions started."""
    days: Mapping[date, DayRecord] = {}
    """The playing by which each day has become less."""
    is_everything: bool = False
    """True if nothing of the place is left."""

    def has_session(self, started: float) -> bool:
        """Return whether the session that started at this wall time was deleted."""
        return self.is_everything or started in self.sessions


def less(day: DayRecord, removed: DayRecord) -> DayRecord:
    """Return a day without a part of its playing."""
    families = {f: s - removed.families.get(f, 0.0) for f, s in day.families.items()}
    return DayRecord(
        day.day,
        max(0.0, day.seconds - removed.seconds),
        {family: seconds for family, seconds in families.items() if seconds > _LEAST_SECONDS},
    )
