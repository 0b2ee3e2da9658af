"""The child process of a soak: `timbrel run` on the faulty device."""

import json
import sys
import time
from pathlib import Path

from benchmarks.soak.device import FaultyDevice
from benchmarks.soak.stretches import HOUR_SECONDS, medley
from daemon.commands import run as command
from daemon.configuration.settings import Settings
from daemon.configuration.settings_file import load
from daemon.mqtt import link as mqtt_link
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime.wiring import outbox_of

_MOST_WAITING = 50


def listen_for_hours(config: str, hours: str) -> None:
    """Run on the faulty device; print a line of resource usage after every hour of sound."""
    heard_seconds = 0
    outboxes: list[Outbox] = []

    def keep_outbox(settings: Settings) -> Outbox:
        outboxes.append(outbox_of(settings))
        return outboxes[-1]

    def on_second() -> None:
        nonlocal heard_seconds
        heard_seconds += 1
        # At this speed, more events arise than a hub can catch up with after it was cut off.
        while outboxes[0].waiting > _MOST_WAITING:
            time.sleep(0.01)
        if heard_seconds % HOUR_SECONDS == 0:
            hour = heard_seconds // HOUR_SECONDS
            print(json.dumps({"hour": hour, **resource_usage()}), flush=True)

    medley()
    setattr(command, "outbox_of", keep_outbox)  # noqa: B010 (mypy sees no such export)
    # An hour of sound takes seconds, so connections are too short to count as settled.
    mqtt_link._SETTLED_SECONDS = 0.0
    command.run(
        load(Path(config)),
        make_device=lambda _source, _portaudio, changed: FaultyDevice(
            float(hours), changed, on_second
        ),
    )


def resource_usage() -> dict[str, float]:
    """Return this process's resident memory in MB, Python memory blocks, open files and threads."""
    status = Path("/proc/self/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return {
        "resident_megabytes": int(fields["VmRSS"].split()[0]) / 1000,
        "blocks": sys.getallocatedblocks(),
        "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "threads": int(fields["Threads"]),
    }
