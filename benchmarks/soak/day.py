"""Run hours of sound at full speed and compare the hub's events with the reference."""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.soak.reference import STALL_SECONDS, EventCounts, Reference
from benchmarks.soak.stretches import stretches
from daemon.configuration.settings_file import load
from tests.conftest import ROOT, Mosquitto, Watcher
from tests.daemon.mqtt.outbox.test_survives import Gate

# Python allocates memory in arenas of 1.05 MB. One more arena after the first hour is no leak; two
# are.
_MOST_GROWTH_MEGABYTES = 1.5
_NODE = "soak"


def soak(hours: float) -> int:
    """Run the soak; return 0 if exactly the reference's events arrived and memory did not grow."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto(folder, "allow_anonymous true\nmax_queued_messages 0\n")
        broker.start()
        gate = Gate(broker.port)
        config = folder / "timbrel.yaml"
        config.write_text(
            f"name: {_NODE}\naudio: {{stall_seconds: {STALL_SECONDS}}}\n"
            f"state: {{directory: {folder}/state}}\nlog: {{level: warning}}\n"
            f"mqtt: {{host: 127.0.0.1, port: {gate.port}}}\n"
        )
        began = time.monotonic()
        with Watcher(broker.port, qos=0) as watcher:
            usages = _run_listener(config, hours, gate)
            seconds = time.monotonic() - began
            expected = Reference(load(config)).events(hours)
            found = _received(watcher)
        broker.kill()
    return _report(hours, seconds, usages, expected, found)


def _run_listener(config: Path, hours: float, gate: Gate) -> list[dict[str, float]]:
    """Run the listener to its end, cutting it off from the broker after every hour of sound.

    Return its resource usage after each hour.
    """
    child = [sys.executable, "-m", "benchmarks.soak", "--child", str(config), str(hours)]
    usages = []
    with subprocess.Popen(child, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            usages.append(json.loads(line))
            print(
                "hour {hour:3}  {resident_megabytes:6.1f} MB  {blocks} blocks  {files:3.0f} files  "
                "{threads:2.0f} threads".format(**usages[-1]),
                flush=True,
            )
            gate.shut()
            time.sleep(0.3)
            gate.is_open = True
    assert process.returncode == 0, f"the daemon ended with {process.returncode}"
    return usages


def _received(watcher: Watcher) -> EventCounts:
    """Count the events that the hub received, without duplicates."""
    topics = (f"timbrel/{_NODE}/event", f"timbrel/{_NODE}/event/late")
    events = [m.json for m in list(watcher.received) if m.topic in topics]
    once = {(event["event_id"], event["event_type"]): event for event in events}
    print(f"{len(events)} events arrived, {len(events) - len(once)} of them twice")
    return Counter(
        ("ended", event["family"], event["duration_seconds"], event.get("reason"))
        if event["event_type"] == "ended"
        else ("started", event["family"])
        for event in once.values()
    )


def _report(
    hours: float,
    seconds: float,
    usages: list[dict[str, float]],
    expected: EventCounts,
    found: EventCounts,
) -> int:
    """Print the results; return the exit code."""
    memory = [usage["resident_megabytes"] for usage in usages]
    of_hours = [usage["hour"] for usage in usages]
    slope = float(np.polyfit(of_hours, memory, 1)[0]) if len(usages) > 1 else 0.0
    faults = Counter(stretch.fault for stretch in stretches(hours))
    del faults["end"]
    missing, unexpected = expected - found, found - expected
    print(f"\n{hours:g} h of sound in {seconds:.0f} s, {faults.total()} faults of the device")
    print(f"  {', '.join(f'{count} {fault}' for fault, count in faults.items())}")
    print(f"the broker was cut off {len(usages)} times")
    print(f"memory after the first hour: {memory[-1] - memory[0]:+.2f} MB, {slope:+.3f} MB an hour")
    for name in ("blocks", "files", "threads"):
        values = [usage[name] for usage in usages]
        print(f"{name}: {min(values):.0f} to {max(values):.0f}")
    print(
        f"events: {expected.total()} expected, {found.total()} at the hub, "
        f"{missing.total()} missing, {unexpected.total()} unexpected"
    )
    for event in (*missing.items(), *unexpected.items()):
        print(f"  {event}")
    failed = missing or unexpected or memory[-1] - memory[0] > _MOST_GROWTH_MEGABYTES
    return int(bool(failed))
