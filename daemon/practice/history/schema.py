"""The tables of the history file, and the conversion between rows and records."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from daemon.practice.history.records import DayRecord, EventRecord
from daemon.practice.summary import LATEST_SECONDS, Figures, Summary

NAME = "history.sqlite"
# Step n migrates the schema from version n to n + 1. Released steps are never changed.
MIGRATIONS = (
    """
    CREATE TABLE events (
        event_id TEXT PRIMARY KEY, place TEXT NOT NULL, family TEXT NOT NULL, onset REAL NOT NULL,
        seconds REAL NOT NULL, peak REAL NOT NULL, reason TEXT
    );
    CREATE TABLE sessions (
        place TEXT NOT NULL, started REAL NOT NULL, ended REAL NOT NULL, minutes TEXT NOT NULL,
        notes INTEGER, range TEXT, a4_hz REAL, in_tune REAL, median_cents REAL,
        tuning_drift_cents REAL, tempo_range TEXT, tempo_stability REAL, keys TEXT,
        dynamic_range_db REAL, legato REAL, longest_passage_seconds REAL,
        PRIMARY KEY (place, started)
    );
    CREATE TABLE days (
        place TEXT NOT NULL, day TEXT NOT NULL, seconds REAL NOT NULL, families TEXT NOT NULL,
        PRIMARY KEY (place, day)
    );
    """,
)
_FIGURES = tuple(field.name for field in msgspec.structs.fields(Figures))
COLUMNS: Mapping[str, Sequence[str]] = {
    "events": ("event_id", "place", "family", "onset", "seconds", "peak", "reason"),
    "sessions": ("place", "started", "ended", "minutes", *_FIGURES),
    "days": ("place", "day", "seconds", "families"),
}
"""The columns of each table, in the order of the rows below."""
# The columns that hold JSON.
_COMPOSED = frozenset({"minutes", "range", "tempo_range", "keys", "families"})
_MOST_SECONDS = 1e9


def event_row(place: str, event: EventRecord) -> tuple[Any, ...]:
    """Return the row of an event."""
    return event.event_id, place, *event[1:]


def session_row(place: str, summary: Summary) -> tuple[Any, ...]:
    """Return the row of a session."""
    values = (_cell(name, getattr(summary, name)) for name in COLUMNS["sessions"][1:])
    return place, *values


def day_row(place: str, day: DayRecord) -> tuple[Any, ...]:
    """Return the row of a day."""
    return place, day.day.isoformat(), day.seconds, _cell("families", day.families)


def event_of(row: Sequence[Any]) -> tuple[str, EventRecord]:
    """Return the place and the event in a row; raises ValueError if the row is damaged."""
    event_id, place, *rest = row
    event = msgspec.convert((event_id, *rest), EventRecord)
    if not (0 <= event.onset <= LATEST_SECONDS and 0 <= event.seconds <= _MOST_SECONDS):
        raise ValueError("impossible time")
    return _text(place), event


def session_of(row: Sequence[Any]) -> tuple[str, Summary]:
    """Return the place and the session in a row; raises ValueError if the row is damaged."""
    named = dict(zip(COLUMNS["sessions"], row, strict=True))
    place = _text(named.pop("place"))
    values = {name: _value(name, cell) for name, cell in named.items()}
    return place, msgspec.convert(values, Summary)


def day_of(row: Sequence[Any]) -> tuple[str, DayRecord]:
    """Return the place and the day in a row; raises ValueError if the row is damaged."""
    place, day, seconds, families = row
    values = (date.fromisoformat(_text(day)), seconds, _value("families", families))
    record = msgspec.convert(values, DayRecord)
    if not 0 <= record.seconds <= _MOST_SECONDS:
        raise ValueError("impossible duration")
    return _text(place), record


def _cell(name: str, value: Any) -> Any:
    if name not in _COMPOSED or value is None:
        return value
    return msgspec.json.encode(value).decode()


def _value(name: str, cell: Any) -> Any:
    if name not in _COMPOSED or cell is None:
        return cell
    return msgspec.json.decode(_text(cell))


def _text(cell: Any) -> str:
    if not isinstance(cell, str):
        raise ValueError("not a text")  # noqa: TRY004 (all damage is a ValueError)
    return cell
