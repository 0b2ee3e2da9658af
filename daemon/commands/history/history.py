"""Print the selected part of the history."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from daemon.commands.history.period import period_of
from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.hub.history_export import records
from daemon.hub.history_export.calendar_text import calendar_text
from daemon.practice.history.reader import Selection, read_days, read_events, read_sessions
from daemon.system.state_directory import state_directory


class Choices(NamedTuple):
    """What to print."""

    form: Literal["text", "csv", "json", "ics"] = "text"
    """The format."""
    of: Literal["sessions", "events", "days"] = "sessions"
    """The kind of records."""
    since: str | None = None
    """The first day or time; None for all."""
    until: str | None = None
    """The last day or time; None for all."""
    place: str | None = None
    """The name of a place; None for all."""


def history(settings: Settings, directory: Path | None, choices: Choices) -> int:
    """Print the selected records to standard output; return the exit code.

    `directory` is the state directory; None: as configured. Raises InputError if the choices do not
    fit together or there is no history, and FailedError if it cannot be read.
    """
    if choices.form == "ics" and choices.of != "sessions":
        raise InputError(f"--ics is for sessions; leave --{choices.of} out, or use --csv or --json")
    folder = directory or state_directory(settings.state.directory)
    since, until = period_of(choices.since, choices.until, datetime.now().astimezone().date())
    selection = Selection(since, until, choices.place)
    if choices.of == "events":
        events = read_events(folder, selection)
        objects, columns = records.event_objects(events), records.EVENT_COLUMNS
        lines = records.event_lines(events)
    elif choices.of == "days":
        days = read_days(folder, selection)
        objects, columns = records.day_objects(days), records.DAY_COLUMNS
        lines = records.day_lines(days)
    else:
        sessions = read_sessions(folder, selection)
        if choices.form == "ics":
            return _print_calendar(calendar_text(sessions))
        objects, columns = records.session_objects(sessions), records.SESSION_COLUMNS
        lines = records.session_lines(sessions)
    if choices.form == "csv":
        records.write_csv(objects, columns, sys.stdout)
    elif choices.form == "json":
        for record in objects:
            print(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
    else:
        _print_lines(list(lines), choices.of)
    return 0


def _print_calendar(text: str) -> int:
    sys.stdout.write(text)
    return 0


def _print_lines(lines: Sequence[str], kind: str) -> None:
    for line in lines or [f"no {kind} in this period"]:
        print(line)
