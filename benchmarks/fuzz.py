"""Try very many hostile inputs on the daemon's readers, and say how many and what they broke.

Run from the repository: `.venv/bin/python -m benchmarks.fuzz --minutes 10`. What kills or hangs is
kept in runs/fuzz; everything found is printed, and the exit code is 1. The kinds of input, and what
must hold for each, are those of tests/daemon/hostile.py.
"""

import argparse
import logging
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase

from tests.daemon import hostile
from tests.daemon.hostile import MOST_SECONDS, ROOT
from tests.daemon.hostile_networks import NETWORK_CASES
from tests.daemon.hostile_sounds import SOUND_CASES
from tests.daemon.hostile_state import STATE_CASES

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

CASES = {**hostile.CASES, **SOUND_CASES, **STATE_CASES, **NETWORK_CASES}
_ROUND = 500
_KEPT = ROOT / "runs" / "fuzz"
_MOST_BYTES = 4 << 30


class Tried(NamedTuple):
    """How one kind of input fared."""

    inputs: int = 0
    taken: int = 0
    found: int = 0


class _Counts(NamedTuple):
    inputs: "Synchronized[int]"
    taken: "Synchronized[int]"


def main() -> int:
    """Try all kinds in turn until the time, or the number of examples of each, is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default 10)")
    parser.add_argument(
        "--examples", type=int, help="that many of each kind, however long it takes"
    )
    parser.add_argument("--only", choices=CASES, help="one kind of input")
    parser.add_argument("--seed", type=int, default=0, help="where to begin (default 0)")
    options = parser.parse_args()
    names = [options.only] if options.only else list(CASES)
    tried = dict.fromkeys(names, Tried())
    began, number = time.monotonic(), options.seed
    while True:
        for name in names:
            left = _ROUND
            if options.examples is not None:
                left = min(_ROUND, options.examples - tried[name].inputs)
            elif time.monotonic() - began > 60 * options.minutes:
                left = 0
            if left <= 0:
                _report(tried, time.monotonic() - began)
                return int(any(result.found for result in tried.values()))
            new = _round(name, number, left)
            tried[name] = Tried(*(a + b for a, b in zip(tried[name], new, strict=True)))
        number += 1


def _round(name: str, number: int, examples: int) -> Tried:
    """Some inputs in a process of its own, which may die or hang."""
    spawn = multiprocessing.get_context("spawn")
    counts = _Counts(spawn.Value("q", 0), spawn.Value("q", 0))
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        worker = spawn.Process(target=_work, args=(name, number, examples, Path(folder), counts))
        worker.start()
        before, since = -1, time.monotonic()
        while worker.is_alive():
            worker.join(0.5)
            if counts.inputs.value != before:
                before, since = counts.inputs.value, time.monotonic()
            elif time.monotonic() - since > 3 * MOST_SECONDS:
                worker.kill()
                worker.join()
        found = worker.exitcode != 0
        if found:
            _KEPT.mkdir(parents=True, exist_ok=True)
            last = max(Path(folder).iterdir(), key=lambda file: file.stat().st_mtime_ns)
            kept = _KEPT / f"{name.replace(' ', '-')}-{number}{last.suffix}"
            shutil.copy(last, kept)
            print(f"{name}, seed {number}, ended with {worker.exitcode}: {kept}", flush=True)
    return Tried(counts.inputs.value, counts.taken.value, int(found))


def _work(name: str, number: int, examples: int, folder: Path, counts: _Counts) -> None:
    logging.disable()
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    case = CASES[name]

    @hypothesis.seed(number)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @hypothesis.given(made=case.inputs)
    def try_many(made: tuple[bytes, str]) -> None:
        counts.inputs.value += 1
        counts.taken.value += case.run(*made, folder)

    try:
        try_many()
    except BaseException:  # noqa: BLE001
        traceback.print_exc(limit=-6)
        sys.exit(1)


def _report(tried: dict[str, Tried], seconds: float) -> None:
    print(f"{'kind':24}{'tried':>10}{'taken':>10}{'refused':>10}{'found':>8}")
    for name, (inputs, taken, found) in tried.items():
        print(f"{name:24}{inputs:10}{taken:10}{inputs - taken:10}{found:8}")
    total = sum(result.inputs for result in tried.values())
    print(f"{total} inputs in {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    sys.exit(main())
