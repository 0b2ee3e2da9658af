"""Everything that the page of an experiment's data shows, as one JSON value."""

from pathlib import Path
from typing import Any

from model_build.lab.executor.pool import Workers
from model_build.lab.exploration.exploration import Exploration
from model_build.lab.exploration.text import spelling_line
from model_build.lab.page.clips import FOLDER, ClipFile, write_clips

_EXAMPLES = 4
_MOST_CLUSTERS = 100
_MOST_IN_CLUSTER = 8
_MOST_DOUBTS = 200


def data_contents(seen: Exploration, pages: Path, workers: Workers = None) -> dict[str, Any]:
    """Return the contents of the page; sound and pictures of what it shows are written."""
    clusters = seen.clusters[:_MOST_CLUSTERS]
    doubts = seen.doubts[:_MOST_DOUBTS]
    shown = _examples(seen)
    shown |= {row for one in clusters for row in one.rows[:_MOST_IN_CLUSTER]}
    shown |= {one.row for one in doubts}
    rows = sorted(row for row in shown if not seen.facts[row].problem)
    examples = seen.found.examples
    written = write_clips([examples[row] for row in rows], pages / FOLDER, workers)
    files = dict(zip(rows, written, strict=True))
    return {
        "name": seen.name,
        "classes": seen.classes,
        "rows": [_row(seen, row, files.get(row)) for row in range(len(examples))],
        "left": seen.found.left,
        "clusters": [one._asdict() for one in clusters],
        "doubts": [one._asdict() for one in doubts],
        "broken": seen.with_problem(silent=False),
        "silent": seen.with_problem(silent=True),
        "clipped": seen.clipped,
        "shortcuts": [{**one._asdict(), "strength": one.strength} for one in seen.shortcuts],
        "warnings": _warnings(seen),
    }


def _examples(seen: Exploration) -> set[int]:
    """Return the first usable recordings of each class."""
    rows: dict[str, list[int]] = {name: [] for name in seen.classes}
    for row, example in enumerate(seen.found.examples):
        for name in example.labels:
            if len(rows[name]) < _EXAMPLES and not seen.facts[row].problem:
                rows[name].append(row)
    return {row for some in rows.values() for row in some}


def _row(seen: Exploration, row: int, files: ClipFile | None) -> dict[str, Any]:
    one, facts = seen.found.examples[row], seen.facts[row]
    return {
        "name": one.name if one.seconds is None else f"{one.name}, from {one.start_seconds:g} s",
        "labels": one.labels,
        "side": one.side,
        "group": one.group,
        "seconds": round(facts.seconds, 3),
        "rate": facts.rate_hz,
        "channels": facts.channels,
        "format": facts.format,
        "level": round(facts.level_db, 1),
        "peak": round(facts.peak_db, 1),
        "clipped": facts.clipped,
        "problem": facts.problem,
        "files": (files.sound, files.picture, files.seconds) if files else None,
    }


def _warnings(seen: Exploration) -> list[str]:
    lines = [seen.no_test_figure, *map(spelling_line, seen.spellings)]
    return [line[0].upper() + line[1:] for line in lines if line]
