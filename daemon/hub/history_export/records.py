"""The records of the history as JSON objects, CSV and lines for people."""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TextIO

import msgspec

from daemon.hub.messages import iso_time, summary_payload
from daemon.hub.payloads import PracticeSummary
from daemon.practice.history.records import DayRecord, EventRecord
from daemon.practice.summary import Summary
from daemon.system.printable import printable

SESSION_COLUMNS: Sequence[str] = ("place", "duration_minutes", *PracticeSummary.__struct_fields__)
EVENT_COLUMNS: Sequence[str] = (
    *("place", "event_id", "family", "onset", "ended_at", "duration_seconds", "peak"),
    "reason",
)
DAY_COLUMNS: Sequence[str] = ("place", "day", "minutes", "families")


def session_objects(sessions: Sequence[tuple[str, Summary]]) -> Iterator[dict[str, Any]]:
    """Yield each session with the fields of the topic `practice/summary`."""
    for place, summary in sessions:
        yield {"place": place, **msgspec.to_builtins(summary_payload(summary))}


def event_objects(events: Sequence[tuple[str, EventRecord]]) -> Iterator[dict[str, Any]]:
    """Yield each event with the keys of the topic `event`."""
    for place, event in events:
        yield {
            "place": place,
            "event_id": event.event_id,
            "family": event.family,
            "onset": iso_time(event.onset),
            "ended_at": iso_time(event.onset + event.seconds),
            "duration_seconds": event.seconds,
            "peak": event.peak,
            "reason": event.reason,
        }


def day_objects(days: Sequence[tuple[str, DayRecord]]) -> Iterator[dict[str, Any]]:
    """Yield each day with minutes in total and by family."""
    for place, day in days:
        yield {
            "place": place,
            "day": day.day.isoformat(),
            "minutes": _minutes(day.seconds),
            "families": {family: _minutes(seconds) for family, seconds in day.families.items()},
        }


def write_csv(objects: Iterator[dict[str, Any]], columns: Sequence[str], output: TextIO) -> None:
    """Write a table with a header; unknown values are empty, and composed ones are JSON."""
    table = csv.DictWriter(output, columns, restval="", lineterminator="\n")
    table.writeheader()
    for record in objects:
        if "duration_minutes" in columns:
            began, ended = (datetime.fromisoformat(record[key]) for key in ("started", "ended"))
            record["duration_minutes"] = _minutes((ended - began).total_seconds())
        table.writerow({key: _cell(value) for key, value in record.items()})


def session_lines(sessions: Sequence[tuple[str, Summary]]) -> Iterator[str]:
    """Yield a line for each session."""
    for place, summary in sessions:
        began, ended = (
            datetime.fromtimestamp(wall).astimezone() for wall in (summary.started, summary.ended)
        )
        minutes = _minutes(summary.ended - summary.started)
        played = ", ".join(
            family if part is None else f"{family} {part:.1f}"
            for family, part in summary.minutes.items()
        )
        line = f"{began:%Y-%m-%d %H:%M} to {ended:%H:%M}  {place}  {minutes:.1f} min  {played}"
        yield printable(line)


def event_lines(events: Sequence[tuple[str, EventRecord]]) -> Iterator[str]:
    """Yield a line for each event."""
    for place, event in events:
        began = datetime.fromtimestamp(event.onset).astimezone()
        reason = "" if event.reason is None else f"  ({event.reason})"
        line = f"{began:%Y-%m-%d %H:%M:%S}  {place}  {event.seconds:.1f} s  {event.family}{reason}"
        yield printable(line)


def day_lines(days: Sequence[tuple[str, DayRecord]]) -> Iterator[str]:
    """Yield a line for each day."""
    for place, day in days:
        played = ", ".join(f"{family} {s / 60:.1f}" for family, s in day.families.items())
        yield printable(f"{day.day}  {place}  {day.seconds / 60:.1f} min  {played}")


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value
