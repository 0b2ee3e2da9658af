"""Tasks that other processes run, and that leave a trace of each run."""

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

PATIENCE_SECONDS = 1.0


class Shard(NamedTuple):
    """A task."""

    number: int
    folder: Path
    """Gets a file for each time the task starts."""
    is_deadly: bool = False
    """True to kill the process that runs it for the first time."""


def square(shard: Shard) -> int:
    """Return the square of the number of a shard."""
    runs = len(list(shard.folder.glob(f"{shard.number}-*")))
    (shard.folder / f"{shard.number}-{runs}").touch()
    if shard.is_deadly and not runs:
        time.sleep(PATIENCE_SECONDS)  # until the results before it have been collected
        os.kill(os.getpid(), signal.SIGKILL)
    return shard.number**2


def runs_of(folder: Path) -> dict[int, int]:
    """Return how often each task was started."""
    counts: dict[int, int] = {}
    for file in folder.iterdir():
        number = int(file.name.partition("-")[0])
        counts[number] = counts.get(number, 0) + 1
    return counts
