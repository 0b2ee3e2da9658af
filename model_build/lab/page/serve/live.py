"""What is being trained, from the files that the runs write."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model_build.lab.page.training_curves import read_courses
from model_build.lab.page.write import INDEX
from model_build.lab.run.lab_run import LabRun

_QUIET_SECONDS = 900.0
"""A started run that has written nothing for this long was interrupted."""


def live_state(folder: Path, now: float | None = None) -> dict[str, Any]:
    """Return the runs that are being trained with their courses, and when the index was written.

    `now` is the time in seconds since 1970, by default the current one.
    """
    now = time.time() if now is None else now
    running = [
        {"name": run.folder.name, "courses": read_courses(run.folder)}
        for run in _started(folder)
        if now - _last_written(run) < _QUIET_SECONDS
    ]
    return {"finished": _changed_at(folder / INDEX), "running": running}


def _started(folder: Path) -> Iterator[LabRun]:
    for started in sorted(folder.glob("*/started.json")):
        yield LabRun(started.parent)


def _last_written(run: LabRun) -> float:
    files = [run.started, *run.folder.glob("folds/*"), *run.folder.glob("folds/*/training-*/*")]
    files += run.folder.glob("model/training-*/*")
    return max(map(_changed_at, files))


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it has just been removed
        return 0.0
