"""A day of sound in minutes, through `timbrel run`'s own loop and its faults.

`python -m benchmarks.soak --hours 24` replays the demo's medley again and again from a device that
gives sound as fast as it is heard, fails in five ways and comes back, while the broker is cut off
once an hour. Every event that the hub gets is compared with what the tracker alone makes of the
same sound. `--realtime 10` listens for ten minutes at the speed of sound and reports the lag of the
worst window. Needs mosquitto.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.commands import run as command
from daemon.commands.bench import Fed
from daemon.commands.demo.medley import MEDLEY
from daemon.configuration.settings import Settings
from daemon.configuration.settings_file import load
from daemon.errors import SoundLostError
from daemon.hearing.pipeline import Observation, listen
from daemon.hearing.scorer import Scorer
from daemon.hearing.tracker import Event, EventEnded
from daemon.mqtt import link as mqtt_link
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime import station
from daemon.runtime.place import Place
from daemon.runtime.wiring import Recognizer, outbox_of, place_of
from daemon.sound.ring import Ring
from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ, WindowBuffer
from tests.conftest import ROOT, Mosquitto, Watcher
from tests.daemon.mqtt.outbox.test_survives import Gate

HOUR_SECONDS = 3600
STALL_SECONDS = 2
MOST_WAITING = 50
# Python takes memory from the system in arenas of 1.05 MB: one more after the first hour, which is
# kept for the rest of the day, is no leak; two are.
MOST_GROWTH_MEGABYTES = 1.5
NODE = "soak"
Samples = NDArray[np.float32]


class Stretch(NamedTuple):
    """Sound without interruption, and the fault that ends it."""

    seconds: int
    fault: str


FAULTS = ("lost", "zeros", "lost", "refused", "lost", "zeros", "lost", "frozen")


@cache
def medley() -> Samples:
    """The demo's medley, its length made whole seconds."""
    samples = read_sound(str(MEDLEY))
    samples = np.concatenate([samples, np.zeros(-len(samples) % SAMPLE_RATE_HZ, np.float32)])
    # A room is never so still that it gives exact zeros.
    dither = np.random.default_rng(1).uniform(-1e-5, 1e-5, len(samples))
    return (samples + dither).astype(np.float32)


def stretches(hours: float) -> Iterator[Stretch]:
    """Between six and twenty-five minutes each, so many hours in all; the last ends well."""
    left = int(hours * HOUR_SECONDS)
    lengths = cycle(np.random.default_rng(1).integers(360, 1500, 12).tolist())
    for length, fault in zip(lengths, cycle(FAULTS), strict=False):
        if left <= length:
            break
        yield Stretch(length, fault)
        left -= length
    yield Stretch(left, "end")


def sound(start_second: int, seconds: int) -> Samples:
    """Seconds of the medley, which is played again and again."""
    at = np.arange(start_second * SAMPLE_RATE_HZ, (start_second + seconds) * SAMPLE_RATE_HZ)
    return np.take(medley(), at, mode="wrap")


class OnDemand(Ring):
    """A ring that has the next second of a stretch whenever it is asked, until its fault."""

    def __init__(
        self, stretch: Stretch, changed: threading.Condition, heard: Callable[[], None]
    ) -> None:
        super().__init__(SAMPLE_RATE_HZ, 1, changed)
        self._stretch = stretch
        self._heard = heard
        self._second = 0
        self._frozen = False

    @property
    def has_news(self) -> bool:
        return not self._frozen

    def fetch(self) -> NDArray[np.float32] | None:
        if self._second < self._stretch.seconds:
            self.write(sound(self._second, 1)[:, None])
            self._second += 1
            self._heard()
        elif self._stretch.fault == "zeros":
            self.write(np.zeros((SAMPLE_RATE_HZ, 1), np.float32))
        elif self._stretch.fault == "frozen":
            self._frozen = True
        elif self._stretch.fault == "end":
            os.kill(os.getpid(), signal.SIGTERM)
            self._frozen = True
        else:
            self.lose("the device is gone")
        return super().fetch()


class Faulty:
    """A device that gives one stretch after the other; some openings are refused first."""

    def __init__(
        self, hours: float, changed: threading.Condition, heard: Callable[[], None]
    ) -> None:
        self._stretches = stretches(hours)
        self._changed = changed
        self._heard = heard
        self._refusals = 0

    def open(self) -> "Future[Ring]":
        """The next stretch's ring, or a refusal."""
        future: Future[Ring] = Future()
        if self._refusals:
            self._refusals -= 1
            future.set_exception(SoundLostError("it is busy"))
            return future
        stretch = next(self._stretches)
        self._refusals = 2 * (stretch.fault == "refused")
        future.set_result(OnDemand(stretch, self._changed, self._heard))
        return future

    def close(self, _ring: Ring) -> "Future[None]":
        """Nothing to let go of."""
        future: Future[None] = Future()
        future.set_result(None)
        return future


def soak_child(config: str, hours: str) -> None:
    """Run on the faulty device; a line of figures every hour of sound."""
    heard_seconds = 0
    outboxes: list[Outbox] = []

    def noted(settings: Settings) -> Outbox:
        outboxes.append(outbox_of(settings))
        return outboxes[-1]

    def heard() -> None:
        nonlocal heard_seconds
        heard_seconds += 1
        # A day in minutes has more events a second than a hub that is cut off catches up with.
        while outboxes[0].waiting > MOST_WAITING:
            time.sleep(0.01)
        if heard_seconds % HOUR_SECONDS == 0:
            print(json.dumps({"hour": heard_seconds // HOUR_SECONDS, **own_figures()}), flush=True)

    medley()
    setattr(command, "outbox_of", noted)  # noqa: B010 (mypy knows no such export)
    # Connections are short here because hours are.
    mqtt_link._SETTLED_SECONDS = 0.0
    command.run(
        load(Path(config)),
        make_device=lambda _source, _portaudio, changed: Faulty(float(hours), changed, heard),
    )


def own_figures() -> dict[str, float]:
    """This process's resident memory in MB, Python's small objects, open files and threads."""
    status = Path("/proc/self/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return {
        "resident_megabytes": int(fields["VmRSS"].split()[0]) / 1000,
        "blocks": sys.getallocatedblocks(),
        "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "threads": int(fields["Threads"]),
    }


class Truth:
    """What the tracker alone makes of every stretch: the same sound, another way."""

    def __init__(self, settings: Settings) -> None:
        self._recognizer = Recognizer(settings)
        self._settings = settings

    def events(self, hours: float) -> Counter[tuple[Any, ...]]:
        """Kind, family, duration and reason of each event, and how often."""
        found: Counter[tuple[Any, ...]] = Counter()
        known: dict[Stretch, list[tuple[Any, ...]]] = {}
        for stretch in stretches(hours):
            if stretch not in known:
                known[stretch] = [key(event) for event in self._of(stretch)]
            found.update(known[stretch])
        return found

    def _of(self, stretch: Stretch) -> list[Event]:
        hearing = Scorer(self._recognizer.classifier, self._settings.audio.gate_dbfs)
        tracker = self._recognizer.tracker()
        kept = Kept()
        # Before digital silence counts as loss its first seconds are heard like any others.
        zeros = (STALL_SECONDS - 1) * (stretch.fault == "zeros")
        buffer = WindowBuffer(self._recognizer.hop_seconds)
        for second in range(stretch.seconds + zeros):
            some = sound(second, 1) if second < stretch.seconds else np.zeros(SAMPLE_RATE_HZ)
            listen(buffer.push(some.astype(np.float32)), hearing, tracker, [kept])
        reason = "stopped" if stretch.fault == "end" else "deaf"
        return [*kept.events, *tracker.close(stretch.seconds, reason)]


class Kept:
    """Keeps events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def observe(self, observation: Observation) -> None:
        """One window's results."""
        self.events += observation.events


def key(event: Event) -> tuple[Any, ...]:
    """What an event is to a hub, without its times."""
    if isinstance(event, EventEnded):
        return "ended", event.family, round(event.duration_seconds, 3), event.reason
    return ("started", event.family)


def soak(hours: float) -> int:
    """Soak; 0 when every event of the truth arrived, no other did, and nothing grew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto(folder, "allow_anonymous true\nmax_queued_messages 0\n")
        broker.start()
        gate = Gate(broker.port)
        config = folder / "timbrel.yaml"
        config.write_text(
            f"name: {NODE}\naudio: {{stall_seconds: {STALL_SECONDS}}}\n"
            f"state: {{directory: {folder}/state}}\nlog: {{level: warning}}\n"
            f"mqtt: {{host: 127.0.0.1, port: {gate.port}}}\n"
        )
        began = time.monotonic()
        with Watcher(broker.port, qos=0) as watcher:
            figures = watch_child(config, hours, gate)
            seconds = time.monotonic() - began
            expected = Truth(load(config)).events(hours)
            found = received(watcher)
        broker.kill()
    return report(hours, seconds, figures, expected, found)


def watch_child(config: Path, hours: float, gate: Gate) -> list[dict[str, float]]:
    """Run the daemon to its end and cut it off from the broker once an hour of sound."""
    child = [sys.executable, "-m", "benchmarks.soak", "--child", str(config), str(hours)]
    figures = []
    with subprocess.Popen(child, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            figures.append(json.loads(line))
            print(
                "hour {hour:3}  {resident_megabytes:6.1f} MB  {blocks} blocks  {files:3.0f} files  "
                "{threads:2.0f} threads".format(**figures[-1]),
                flush=True,
            )
            gate.shut()
            time.sleep(0.3)
            gate.is_open = True
    assert process.returncode == 0, f"the daemon ended with {process.returncode}"
    return figures


def received(watcher: Watcher) -> Counter[tuple[Any, ...]]:
    """What the hub got, each event once."""
    topics = (f"timbrel/{NODE}/event", f"timbrel/{NODE}/event/late")
    events = [m.json for m in list(watcher.received) if m.topic in topics]
    once = {(event["event_id"], event["event_type"]): event for event in events}
    print(f"{len(events)} events arrived, {len(events) - len(once)} of them twice")
    return Counter(
        ("ended", event["family"], event["duration_seconds"], event.get("reason"))
        if event["event_type"] == "ended"
        else ("started", event["family"])
        for event in once.values()
    )


def report(
    hours: float,
    seconds: float,
    figures: list[dict[str, float]],
    expected: Counter[tuple[Any, ...]],
    found: Counter[tuple[Any, ...]],
) -> int:
    """Print what was seen; the exit code."""
    memory = [f["resident_megabytes"] for f in figures]
    of_hours = [f["hour"] for f in figures]
    slope = float(np.polyfit(of_hours, memory, 1)[0]) if len(figures) > 1 else 0.0
    faults = Counter(stretch.fault for stretch in stretches(hours))
    del faults["end"]
    missing, extra = expected - found, found - expected
    print(f"\n{hours:g} h of sound in {seconds:.0f} s, {faults.total()} losses of the device")
    print(f"  {', '.join(f'{count} {fault}' for fault, count in faults.items())}")
    print(f"the broker was cut off {len(figures)} times")
    print(f"memory after the first hour: {memory[-1] - memory[0]:+.2f} MB, {slope:+.3f} MB an hour")
    for name in ("blocks", "files", "threads"):
        print(f"{name}: {min(f[name] for f in figures):.0f} to {max(f[name] for f in figures):.0f}")
    print(
        f"events: {expected.total()} in truth, {found.total()} at the hub, "
        f"{missing.total()} missing, {extra.total()} that should not be"
    )
    for what in (*missing.items(), *extra.items()):
        print(f"  {what}")
    return int(bool(missing or extra) or memory[-1] - memory[0] > MOST_GROWTH_MEGABYTES)


def realtime_child(config: str, minutes: str) -> None:
    """Run at the speed of sound; the worst and the median lag of a window in seconds."""
    written: deque[tuple[float, float]] = deque()
    lags: list[float] = []

    def feed(ring: Ring) -> None:
        block = SAMPLE_RATE_HZ // 10
        began = time.monotonic()
        for number in range(int(float(minutes) * 600)):
            time.sleep(max(0.0, began + number / 10 - time.monotonic()))
            start = number * block % len(medley())
            written.append(((number + 1) / 10, time.monotonic()))
            ring.write(medley()[start : start + block, None])
        # The last window is to be heard, too.
        time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    class Lag:
        """Measures how long after its last sample a window is told."""

        def observe(self, observation: Observation) -> None:
            ended_at = observation.heard.ended_at
            while written and written[0][0] < ended_at - 1e-6:
                written.popleft()
            lags.append(time.monotonic() - written[0][1])

    def timed(*arguments: Any, **named: Any) -> Place:
        return place_of(*arguments, **named, observers=[Lag()])

    setattr(station, "place_of", timed)  # noqa: B010 (mypy knows no such export)
    medley()
    settings = load(Path(config))
    command.run(settings, make_device=lambda _source, _portaudio, changed: Fed(feed, changed))
    print(json.dumps({"windows": len(lags), "worst": max(lags), "median": float(np.median(lags))}))


def realtime(minutes: float) -> int:
    """Listen at the speed of sound; 0 when no window was late by more than a hop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto(folder, "allow_anonymous true\n")
        broker.start()
        config = folder / "timbrel.yaml"
        config.write_text(
            f"name: {NODE}\nstate: {{directory: {folder}/state}}\nlog: {{level: warning}}\n"
            f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n"
        )
        child = [
            sys.executable,
            "-m",
            "benchmarks.soak",
            "--child-realtime",
            str(config),
            str(minutes),
        ]
        done = subprocess.run(child, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        broker.kill()
    lag = json.loads(done.stdout.splitlines()[-1])
    expected = int(minutes * 60) - 3
    print(
        f"{minutes:g} min in real time: {lag['windows']} windows of {expected}, "
        f"lag median {1000 * lag['median']:.1f} ms, worst {1000 * lag['worst']:.1f} ms (hop 1 s)"
    )
    return int(lag["worst"] > 1.0 or lag["windows"] < expected)


def main() -> int:
    """What the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="of sound, at full speed")
    parser.add_argument("--realtime", type=float, metavar="MINUTES", help="the lag instead")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--child-realtime", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        soak_child(*options.child)
        return 0
    if options.child_realtime:
        realtime_child(*options.child_realtime)
        return 0
    return soak(options.hours) if options.realtime is None else realtime(options.realtime)


if __name__ == "__main__":
    sys.exit(main())
