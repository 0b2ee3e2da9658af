"""A running daemon writes its history, which others can read and a kill cannot damage."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Mosquitto, Timbrel, Watcher
from tests.daemon.mqtt.outbox.test_outbox import wait_until

PROGRAM = Path(__file__).with_name("fast_daemon.py")
SPEED = 40
EVENING, MORNING = datetime(2026, 6, 3, 23, 56, tzinfo=UTC), "2026-06-04"
# The daemon counts an open event only up to this many minutes ago, and saves every minute.
NOT_YET_COUNTED = 0.5
MOST_LOST = 1.0

Start = Callable[[], "subprocess.Popen[bytes]"]


@contextmanager
def fast_daemons(folder: Path, port: int) -> Iterator[Start]:
    """Return a function that starts a daemon whose day is nearly over; kill it at the end."""
    config = folder / "timbrel.yaml"
    config.write_text(
        f"name: room\nstate: {{directory: {folder / 'state'}}}\n"
        f"mqtt: {{host: 127.0.0.1, port: {port}}}\n"
    )
    clock = (str(time.monotonic()), str(EVENING.timestamp()), str(SPEED))
    command = [sys.executable, str(PROGRAM), *clock, str(config), str(folder / "record")]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        surroundings = {"PYTHONPATH": str(ROOT), "TZ": "UTC"}
        with (folder / "log").open("ab") as log:
            started.append(subprocess.Popen(command, cwd=ROOT, env=surroundings, stderr=log))
        return started[-1]

    try:
        yield start
    finally:
        for daemon in started:
            kill(daemon)


def kill(daemon: "subprocess.Popen[bytes]") -> None:
    daemon.kill()
    daemon.wait()


class Room:
    """What a broker and `timbrel history` show about one place."""

    def __init__(self, watcher: Watcher, timbrel: Timbrel, folder: Path) -> None:
        self._watcher = watcher
        self._timbrel = timbrel
        self._state = folder / "state"

    def all(self, leaf: str) -> list[Any]:
        return [message.json for message in self._watcher.of(f"timbrel/room/{leaf}")]

    def next(self, leaf: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """Return the first later message for which `wanted` is true."""
        before = len(self.all(leaf))
        wait_until(lambda: any(map(wanted, self.all(leaf)[before:])), 60)
        return next(filter(wanted, self.all(leaf)[before:]))

    def history(self, *arguments: str) -> list[Any]:
        surroundings = {**os.environ, "TZ": "UTC"}
        arguments = ("history", "--json", "--state", str(self._state), *arguments)
        done = self._timbrel(*arguments, env=surroundings)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def minutes_of_events(events: list[Any]) -> "Counter[str]":
    minutes: Counter[str] = Counter()
    for event in events:
        minutes[event["family"]] += event["duration_seconds"] / 60
    return minutes


def age_minutes(event: Any, newer: Any) -> float:
    ended, newer_ended = (datetime.fromisoformat(e["ended_at"]) for e in (event, newer))
    return (newer_ended - ended).total_seconds() / 60


def test_killed_daemon_loses_at_most_a_minute(
    broker: Mosquitto, watcher: Watcher, timbrel: Timbrel, tmp_path: Path
) -> None:
    room = Room(watcher, timbrel, tmp_path)
    with fast_daemons(tmp_path, broker.port) as start:
        daemon = start()
        room.next("practice", lambda body: body["day"] == MORNING and body["minutes"] > 2.0)
        kill(daemon)
        time.sleep(0.5)
        published = room.all("practice")[-1]
        ended = [event for event in room.all("event") if event["event_type"] == "ended"]
        assert len(ended) >= 10

        daemon = start()
        resumed = room.next("practice")
        assert resumed["session"] == published["session"]
        assert resumed["minutes"] >= published["minutes"] - MOST_LOST
        assert resumed["week_minutes"] > resumed["minutes"]

        watcher._client.publish("timbrel/room/mute/set", b"ON", 1)
        summary = room.next("practice/summary")
        wait_until(lambda: bool(room.all("last_session")), 10)
        # The companion has heard it all: scripted families play, but no notes.
        assert summary["notes"] == 0
        kill(daemon)
        for family, minutes in minutes_of_events(ended).items():
            assert summary["minutes"][family] >= minutes - MOST_LOST - NOT_YET_COUNTED

        start()
        today = room.next("practice")
        wait_until(lambda: bool(room.history()), 60)
        assert room.history() == [{"place": "room", **summary}]
        last = room.all("last_session")[0]
        assert (last["started"], last["ended"]) == (summary["started"], summary["ended"])
        assert last["started"] == published["session"]
        events = {event["event_id"]: event for event in room.history("--events")}
        for event in ended:
            if age_minutes(event, ended[-1]) >= MOST_LOST:
                assert events[event["event_id"]]["duration_seconds"] == event["duration_seconds"]
        evening, morning = room.history("--days")
        assert (evening["day"], morning["day"]) == (EVENING.date().isoformat(), MORNING)
        # On a busy machine the daemon starts late in the evening.
        assert 0.0 < evening["minutes"] <= 4.0
        assert morning["minutes"] == pytest.approx(today["minutes"], abs=MOST_LOST)
