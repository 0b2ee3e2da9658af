"""What the history view shows, read from the history file; blocking."""

import io
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from daemon.hub.history_export.calendar_text import calendar_text
from daemon.hub.history_export.records import (
    SESSION_COLUMNS,
    day_objects,
    session_objects,
    write_csv,
)
from daemon.hub.messages import summary_payload
from daemon.practice.history.overview import by_week, local_days, streaks, weeks_of
from daemon.practice.history.reader import (
    Selection,
    read_days,
    read_sessions,
    read_starts,
    read_years,
)
from daemon.practice.history.records import Deletion
from daemon.practice.history.schema import NAME

FIRST_YEAR, LAST_YEAR = 1970, 2199
"""The years that can be shown."""
_DAY = timedelta(days=1)
# Far from the ends of `datetime`, which no time zone can shift out of range.
_FIRST, _END = date(FIRST_YEAR, 1, 2), date(LAST_YEAR + 1, 1, 1)
_MOST_SESSIONS = 50

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ics": "text/calendar; charset=utf-8",
}
"""The media types of the forms of an export."""


class PageHistory(NamedTuple):
    """The history of all places."""

    directory: Path
    """The state directory, whose history file is read."""
    delete: Callable[[Deletion], None]
    """Deletes from the file and from what runs; raises FailedError. Blocks."""


def overview(directory: Path, place: str, year: int, today: date) -> dict[str, Any]:
    """Return a year of a place as a JSON object; raises InputError or FailedError."""
    days, years, starts = [], [year, today.year], list[float]()
    if has_file(directory):
        days = [day for _, day in read_days(directory, _between(place, *weeks_of(year)))]
        years += read_years(directory, _between(place, _FIRST, _END))
        starts = read_starts(directory, _between(place, _FIRST, _END))
    played = local_days(starts)
    in_year = [day for day in days if day.day.year == year and day.seconds]
    return {
        "year": year,
        "years": sorted(set(years)),
        "today": today,
        "days": [_playing(day.seconds, day.families, day=day.day) for day in in_year],
        "weeks": [
            _playing(week.seconds, week.families, monday=monday)
            for monday, week in by_week(days, year)
        ],
        "streaks": streaks(played, today)._asdict(),
        "played_days": len(in_year),
        "minutes": _minutes(sum(day.seconds for day in in_year)),
    }


def sessions(
    directory: Path, place: str, since: date, until: date, before: float
) -> dict[str, Any]:
    """Return the newest sessions that start on days from `since` to `until` and before a time."""
    selection = _between(place, since, until + _DAY)._replace(most=_MOST_SESSIONS + 1)
    latest = min(selection.until.timestamp(), before)
    selection = selection._replace(until=datetime.fromtimestamp(latest).astimezone())
    found = read_sessions(directory, selection) if has_file(directory) else []
    newest = found[-_MOST_SESSIONS:]
    rows = [
        {"id": summary.started, **msgspec.to_builtins(summary_payload(summary))}
        for _, summary in reversed(newest)
    ]
    return {"sessions": rows, "are_more": len(found) > len(newest)}


def export(directory: Path, place: str, form: str) -> str:
    """Return all sessions of a place as text in one of `KINDS`; JSON has the days, too."""
    everything = _between(place, _FIRST, _END)
    has_any = has_file(directory)
    found = read_sessions(directory, everything) if has_any else []
    if form == "ics":
        return calendar_text(found)
    if form == "csv":
        table = io.StringIO()
        write_csv(session_objects(found), SESSION_COLUMNS, table)
        return table.getvalue()
    days = read_days(directory, everything) if has_any else []
    body = {"place": place, "sessions": [*session_objects(found)], "days": [*day_objects(days)]}
    return json.dumps(body, ensure_ascii=False, indent=1)


def has_file(directory: Path) -> bool:
    """Return whether anything was ever written."""
    return (directory / NAME).exists()


def _between(place: str, first: date, end: date) -> Selection:
    """Select what happened from the beginning of one date to the beginning of another."""
    return Selection(
        datetime.combine(first, time.min).astimezone(),
        datetime.combine(end, time.min).astimezone(),
        place,
    )


def _playing(seconds: float, families: Any, **keys: date) -> dict[str, Any]:
    return {
        **keys,
        "minutes": _minutes(seconds),
        "families": {family: _minutes(part) for family, part in families.items()},
    }


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)
