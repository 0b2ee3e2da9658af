"""Feed very many hostile inputs to the daemon's readers, and count them and their failures.

Run from the repository: `.venv/bin/python -m benchmarks.fuzz --minutes 10`. An input that kills or
hangs the process is kept in runs/fuzz. If there is any failure, it is printed and the exit code is
1. tests/daemon/hostile.py defines the kinds of input and the condition that must hold for each.
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
    """The results of one kind of input."""

    inputs: int = 0
    """Inputs tried."""
    accepted: int = 0
    """Inputs that the reader accepted; it refused all others."""
    failures: int = 0
    """Rounds that ended with a failure."""


class _Counts(NamedTuple):
    inputs: "Synchronized[int]"
    accepted: "Synchronized[int]"


def main() -> int:
    """Try all kinds in turn until the time is over or the number of examples is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="duration (default 10)")
    parser.add_argument("--examples", type=int, help="inputs of each kind, without a time limit")
    parser.add_argument("--only", choices=CASES, help="try only this kind of input")
    parser.add_argument("--seed", type=int, default=0, help="first random seed (default 0)")
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
                return int(any(result.failures for result in tried.values()))
            new = _round(name, number, left)
            tried[name] = Tried(*(a + b for a, b in zip(tried[name], new, strict=True)))
        number += 1


def _round(name: str, number: int, examples: int) -> Tried:
    """Try inputs in a child process, which may die or hang."""
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
        failed = worker.exitcode != 0
        if failed:
            _KEPT.mkdir(parents=True, exist_ok=True)
            last = max(Path(folder).iterdir(), key=lambda file: file.stat().st_mtime_ns)
            kept = _KEPT / f"{name.replace(' ', '-')}-{number}{last.suffix}"
            shutil.copy(last, kept)
            print(f"{name}, seed {number}, ended with {worker.exitcode}: {kept}", flush=True)
    return Tried(counts.inputs.value, counts.accepted.value, int(failed))


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
        counts.accepted.value += case.run(*made, folder)

    try:
        try_many()
    except BaseException:  # noqa: BLE001
        traceback.print_exc(limit=-6)
        sys.exit(1)


def _report(tried: dict[str, Tried], seconds: float) -> None:
    print(f"{'kind':24}{'tried':>10}{'accepted':>10}{'refused':>10}{'failures':>10}")
    for name, (inputs, accepted, failures) in tried.items():
        print(f"{name:24}{inputs:10}{accepted:10}{inputs - accepted:10}{failures:10}")
    total = sum(result.inputs for result in tried.values())
    print(f"{total} inputs in {seconds / 60:.1f} minutes")


if __name__ == "__main__":
    sys.exit(main())
