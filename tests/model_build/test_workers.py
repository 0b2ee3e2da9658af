"""Test the processes that share work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from model_build.workers import WorkerContext, follow_parent, parallel_map
from tests.conftest import ROOT

_PROGRAM = """
from pathlib import Path
from tests.model_build.test_workers import note_process_and_sleep
from model_build.lab.executor.pool import open_pool, ordered
from model_build.workers import parallel_map
folder = Path({folder!r})
if __name__ == "__main__":
    {call}
"""
_PATIENT_SECONDS = 60.0


def square(number: int) -> int:
    return number * number


def note_process_and_sleep(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(2 * _PATIENT_SECONDS)


def _eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENT_SECONDS
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return done


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")")[-1].split()[0]
    except OSError:
        return False
    return state != "Z"


def exit_with_blocked_signals() -> None:
    # Not 1, with which a process ends that could not be started.
    sys.exit(10 + len(signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT}))


def prepare_and_exit_with_blocked_signals() -> None:
    follow_parent()
    exit_with_blocked_signals()


@pytest.mark.parametrize(
    ("target", "code"),
    [(exit_with_blocked_signals, 11), (prepare_and_exit_with_blocked_signals, 10)],
)
def test_ctrl_c_does_not_reach_a_worker_that_is_still_starting(
    target: Callable[[], None], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT)  # where the worker finds this module
    process = WorkerContext().Process(target=target)
    process.start()
    process.join()
    assert process.exitcode == code
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_results_come_in_order() -> None:
    assert list(parallel_map(square, range(5), label="squares", workers=1)) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize(
    "call",
    [
        "list(parallel_map(note_process_and_sleep, [folder] * 2, label='x', workers=2))",
        "with open_pool(2) as pool: list(ordered(pool, note_process_and_sleep, [folder] * 2))",
    ],
)
def test_workers_end_if_their_parent_is_killed(call: str, tmp_path: Path) -> None:
    folder = tmp_path / "workers"
    folder.mkdir()
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM.format(folder=str(folder), call=call))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, program], env=environment)
    try:
        assert _eventually(lambda: len(list(folder.iterdir())) == 2)
        workers = [int(path.name) for path in folder.iterdir()]
        assert all(map(_is_running, workers))
    finally:
        parent.kill()
        parent.wait()
    assert _eventually(lambda: not any(map(_is_running, workers)))
