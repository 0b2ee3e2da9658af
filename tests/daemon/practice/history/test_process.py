"""A running daemon writes its history, which others can read and a kill cannot damage."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Timbrel

PROGRAM = ROOT / "tests" / "daemon" / "scripted_daemon.py"
SPEED = "40"


@contextmanager
def running(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a daemon on scripted scores, without a broker; kill it at the end."""
    config = folder / "timbrel.yaml"
    config.write_text(
        f"name: room\nstate: {{directory: {folder / 'state'}}}\n"
        "mqtt: {host: 127.0.0.1, port: 9}\n"
    )
    command = [sys.executable, PROGRAM, config, folder / "record", SPEED]
    daemon = subprocess.Popen(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
    )
    try:
        yield daemon
    finally:
        daemon.kill()
        daemon.wait()


def shown(timbrel: Timbrel, folder: Path, *arguments: str) -> list[Any]:
    done = timbrel("history", "--json", "--state", folder / "state", *arguments)
    return [json.loads(line) for line in done.stdout.splitlines()]


def wait_for_events(timbrel: Timbrel, folder: Path, most: int) -> list[Any]:
    """Return the events as soon as more than `most` are shown that ended by themselves."""
    deadline = time.monotonic() + 100.0
    while time.monotonic() < deadline:
        events = shown(timbrel, folder, "--events")
        if sum(event["reason"] is None for event in events) > most:
            return events
        time.sleep(0.5)
    pytest.fail("no events in the history")


@pytest.mark.timeout(400)
def test_history_survives_a_killed_daemon(timbrel: Timbrel, tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        before = wait_for_events(timbrel, tmp_path, 1)
        assert daemon.poll() is None
    with running(tmp_path) as daemon:
        after = wait_for_events(timbrel, tmp_path, sum(e["reason"] is None for e in before))
        assert daemon.poll() is None
    kept = {event["event_id"]: event for event in after}
    for event in before:
        if event["reason"] is None:
            assert kept[event["event_id"]] == event
    assert {event["place"] for event in after} == {"room"}
    (day,) = shown(timbrel, tmp_path, "--days")[-1:]
    assert day["minutes"] > 0.0
