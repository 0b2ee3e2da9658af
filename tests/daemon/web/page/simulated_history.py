"""Years of playing that never happened, for tests and benchmarks of the history."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from daemon.configuration.settings import HistorySettings
from daemon.practice.history.history_file import HistoryFile
from daemon.practice.history.records import DayRecord, EventRecord
from daemon.practice.history.schema import day_row, event_row, session_row
from daemon.practice.summary import Summary

FAMILIES = ("guitar", "keyboard", "vocal", "flute")
_SHARES = (0.5, 0.3, 0.15, 0.05)
_KEYS = ("A major", "D minor", "G major", "E minor")


def simulate(directory: Path, place: str, last: date, days: int, seed: int = 1) -> None:
    """Write a history of so many days up to `last`: six of ten have one or two sessions."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = defaultdict(list)
    for back in range(days - 1, -1, -1):
        day = last - timedelta(days=back)
        # Half a year without a practice day in a row is as real as a month of them.
        sessions = rng.choice(3, p=(0.4, 0.45, 0.15))
        families: dict[str, float] = defaultdict(float)
        for hour in (17, 20)[:sessions]:
            started = datetime.combine(day, time(hour, int(rng.integers(60)))).timestamp()
            _add_session(rows, families, place, started, rng)
        if families:
            rows["days"].append(
                day_row(place, DayRecord(day, sum(families.values()), dict(families)))
            )
    file = HistoryFile(directory, HistorySettings(max_days=36_500, max_megabytes=1_000))
    file.write(rows, datetime.combine(last, time(23)).timestamp())
    file.close()


def _add_session(
    rows: dict[str, list[Any]],
    families: dict[str, float],
    place: str,
    started: float,
    rng: np.random.Generator,
) -> None:
    """Add events that follow each other, and their session."""
    onset, minutes = started, defaultdict[str, float](float)
    for family in rng.choice(FAMILIES, size=int(rng.integers(2, 9)), p=_SHARES):
        seconds = round(float(rng.uniform(20.0, 600.0)), 3)
        event_id = f"{len(rows['events']):032x}"
        event = EventRecord(event_id, str(family), onset, seconds, 0.9, None)
        rows["events"].append(event_row(place, event))
        families[str(family)] += seconds
        minutes[str(family)] += seconds / 60
        ended = onset + seconds
        onset = ended + float(rng.uniform(5.0, 60.0))
    slowest = float(rng.uniform(70, 100))
    summary = Summary(
        started=started,
        ended=ended,
        minutes=dict(minutes),
        notes=int(rng.integers(200, 3_000)),
        range=("E2", "G5"),
        a4_hz=round(float(rng.normal(441, 1)), 1),
        in_tune=round(float(rng.uniform(0.5, 0.95)), 2),
        tempo_range=(round(slowest, 1), round(slowest * 1.2, 1)),
        keys={str(rng.choice(_KEYS)): round(sum(minutes.values()), 1)},
    )
    rows["sessions"].append(session_row(place, summary))
