"""Measure the cost of every fault: `python -m benchmarks.faults` prints the fault matrix.

The daemon is a process with default settings. Sound comes through a real PortAudio from a private
PulseAudio, and messages go through a real mosquitto. Music always plays, so that every fault
happens during an event. Needs mosquitto, pulseaudio and pulseaudio-utils; takes four minutes.
"""

import dataclasses
import json
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from daemon.commands import run as command
from daemon.configuration.settings_file import load
from daemon.errors import FailedError
from daemon.runtime import station
from daemon.runtime.place import Place
from daemon.runtime.wiring import place_of
from tests.daemon.runtime.test_faults import House

NODE = "room"
AWAY_SECONDS = 12.0
HEADER = (
    "fault", "seen by the hub after (s)", "recovered after (s)", "sound lost (s)",
    "of it away (s)", "events cut", "events lost",
)  # fmt: skip


class Row(NamedTuple):
    """The figures of one fault; None if there is nothing to measure."""

    fault: str
    """A description of the fault."""
    seen_seconds: float | None
    """From the fault until the hub is notified."""
    recovered_seconds: float | None
    """From the end of the fault until sound arrives again."""
    lost_seconds: float | None
    """Seconds of sound lost."""
    away_seconds: float | None
    """Seconds of that during which the fault lasted."""
    cut: int
    """Events that the fault ended early."""
    lost: int
    """Events of which the start or the end never arrived."""


class Watched(House):
    """A house whose daemon prints its counters on SIGUSR1."""

    program = ("-m", "benchmarks.faults", "--child")

    def counters(self) -> dict[str, Any]:
        self.daemon.send_signal(signal.SIGUSR1)
        assert self.daemon.stdout is not None
        counters: dict[str, Any] = json.loads(self.daemon.stdout.readline())
        return counters

    def events(self, since: int) -> list[Any]:
        return [m.json for m in self.watcher.of(f"timbrel/{NODE}/event")[since:]]

    def measure_fault(
        self,
        name: str,
        cause: Callable[[], Any],
        cure: Callable[[], Any],
    ) -> Row:
        """Cause and remove a fault while music plays, and measure it."""
        before = self.so_far(NODE, "event")
        self.play()
        self.event(NODE, "started", before)
        counted = self.counters()["lost_seconds"]
        hearings = self.so_far(NODE, "hearing")
        caused_at = time.monotonic()
        cause()
        self.wait_hearing(NODE, "deaf", hearings)
        seen = time.monotonic() - caused_at
        time.sleep(max(0.0, AWAY_SECONDS - seen))
        hearings, cured_at = self.so_far(NODE, "hearing"), time.monotonic()
        cure()
        self.wait_hearing(NODE, "hearing", hearings)
        recovered = time.monotonic() - cured_at
        lost = self.counters()["lost_seconds"] - counted
        again = self.so_far(NODE, "event")
        self.hush()
        self.play()
        self.event(NODE, "started", again)
        self.hush()
        away = cured_at - caused_at
        return Row(name, seen, recovered, lost, away, *self.balance(before))

    def balance(self, since: int) -> tuple[int, int]:
        """Wait for the ends of all events; return how many were cut and how many are incomplete."""
        deadline = time.monotonic() + 30
        while True:
            events = self.events(since)
            started = {e["event_id"] for e in events if e["event_type"] == "started"}
            ended = {e["event_id"]: e for e in events if e["event_type"] == "ended"}
            if started == ended.keys() or time.monotonic() > deadline:
                cut = sum("reason" in event for event in ended.values())
                return cut, len(started ^ ended.keys())
            time.sleep(0.1)


def measure(house: Watched) -> list[Row]:
    """Measure every fault in turn."""
    sound = house.sound

    def replug() -> None:
        sound.plug()
        house.hush()
        house.play()

    def restart_server() -> None:
        sound.start()
        house.hush()
        house.play()

    def still() -> None:
        house.hush()
        sound.still()

    def stir() -> None:
        sound.stir()
        house.play()

    return [
        house.measure_fault("microphone unplugged", sound.unplug, replug),
        house.measure_fault("sound server killed", sound.kill, restart_server),
        house.measure_fault("sound server frozen", sound.freeze, sound.thaw),
        house.measure_fault(
            "microphone suspended",
            lambda: sound.control("suspend-sink", "vmic", "1"),
            lambda: sound.control("suspend-sink", "vmic", "0"),
        ),
        house.measure_fault("digital silence", still, stir),
        broker_killed(house),
        daemon_killed(house),
        server_late(house),
        frozen_permanently(house),
    ]


def broker_killed(house: Watched) -> Row:
    """Kill the broker; the events of that time arrive later."""
    house.play()
    before = house.so_far(NODE, "event")
    house.event(NODE, "started", before)
    counted = house.counters()["lost_seconds"]
    house.broker.kill()
    house.hush()
    time.sleep(AWAY_SECONDS)
    # The watcher must be connected before the daemon, or it misses messages.
    online = house.so_far("house", "availability")
    cured_at = time.monotonic()
    house.broker.start()
    while house.so_far("house", "availability") == online:
        time.sleep(0.02)
    recovered = time.monotonic() - cured_at
    cut, lost = house.balance(before)
    sound = house.counters()["lost_seconds"] - counted
    return Row("broker killed", None, recovered, sound, 0.0, cut, lost)


def daemon_killed(house: Watched) -> Row:
    """Kill the daemon and start it again at once (systemd waits 3 s)."""
    before = house.so_far(NODE, "event")
    house.play()
    house.event(NODE, "started", before)
    availability = house.so_far("house", "availability")
    killed_at = time.monotonic()
    house.daemon.kill()
    house.daemon.wait()
    while house.so_far("house", "availability") == availability:
        time.sleep(0.02)
    seen = time.monotonic() - killed_at
    hearings, started_at = house.so_far(NODE, "hearing"), time.monotonic()
    house.start()
    house.wait_hearing(NODE, "hearing", hearings)
    recovered = time.monotonic() - started_at
    house.hush()
    return Row(
        "daemon killed (SIGKILL)", seen, recovered, seen + recovered, seen, *house.balance(before)
    )


def server_late(house: Watched) -> Row:
    """Start the daemon before the sound server."""
    house.daemon.terminate()
    house.daemon.wait()
    house.sound.kill()
    before, hearings = house.so_far(NODE, "event"), house.so_far(NODE, "hearing")
    started_at = time.monotonic()
    house.start()
    house.wait_hearing(NODE, "deaf", hearings)
    seen = time.monotonic() - started_at
    time.sleep(AWAY_SECONDS)
    hearings, cured_at = house.so_far(NODE, "hearing"), time.monotonic()
    house.sound.start()
    house.wait_hearing(NODE, "hearing", hearings)
    recovered = time.monotonic() - cured_at
    lost = house.counters()["lost_seconds"]
    away = cured_at - started_at
    return Row("sound server late", seen, recovered, lost, away, *house.balance(before))


def frozen_permanently(house: Watched) -> Row:
    """Freeze the sound server until the daemon exits, which counts as recovered.

    Only a new process can recover from that.
    """
    before, hearings = house.so_far(NODE, "event"), house.so_far(NODE, "hearing")
    house.play()
    house.event(NODE, "started", before)
    frozen_at = time.monotonic()
    house.sound.freeze()
    house.wait_hearing(NODE, "deaf", hearings)
    seen = time.monotonic() - frozen_at
    assert house.daemon.wait(90) == 1
    ended = time.monotonic() - frozen_at
    house.hush()
    name = "sound server frozen permanently: exit 1"
    return Row(name, seen, ended, None, None, *house.balance(before))


def show(rows: list[Row]) -> None:
    """Print the matrix in Markdown."""
    print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
    for row in rows:
        cells = ["-" if v is None else f"{v:.1f}" if isinstance(v, float) else str(v) for v in row]
        print(f"| {' | '.join(cells)} |", flush=True)


def child(config: str) -> int:
    """Run the daemon, which prints its counters on SIGUSR1."""
    places: list[Place] = []

    def kept_place(*arguments: Any, **named: Any) -> Place:
        places.append(place_of(*arguments, **named))
        return places[-1]

    def print_counters(_number: int, _frame: object) -> None:
        print(json.dumps(dataclasses.asdict(places[0].counters)), flush=True)

    errors = os.fdopen(os.dup(2), "w", buffering=1)
    logging.basicConfig(level=logging.INFO, format="timbrel: %(message)s", stream=errors)
    setattr(station, "place_of", kept_place)  # noqa: B010 (mypy sees no such export)
    signal.signal(signal.SIGUSR1, print_counters)
    try:
        return command.run(load(Path(config)), Path(config))
    except FailedError:
        return 1


def main() -> int:
    """Measure all faults and print the matrix."""
    if sys.argv[1:2] == ["--child"]:
        return child(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="tmb", dir="/tmp") as folder:
        house = Watched(
            Path(folder), f"[{{name: {NODE}, device: 'pulse:vmic.monitor'}}]", "stall_seconds: 5"
        )
        house.start()
        try:
            house.wait(NODE, "state", 0, lambda body: body["playing"] is False)
            show(measure(house))
        finally:
            house.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
