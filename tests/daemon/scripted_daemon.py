"""`timbrel run` on scripted scores, faster than real time; records committed events.

Arguments: the configuration, the file for the record, the speed as a multiple of real time.
"""

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from daemon.commands.fed_device import FedDevice
from daemon.commands.run import run
from daemon.configuration.settings_file import load
from daemon.hearing.scorer import Heard, Scorer
from daemon.mqtt import link as mqtt_link
from daemon.mqtt.outbox.database import OutboxFile
from daemon.sound.ring import Ring
from daemon.sound.window import SAMPLE_RATE_HZ, Window
from tests.daemon.observations import due_patches

FAMILIES = 4
PERIOD_SECONDS = 30.0
PLAYING_SECONDS = 12.0


def scripted_scores(self: Scorer, window: Window) -> Heard:
    """Return scores of families that play in turn, each for a part of every period."""
    scores = self._silence.copy()
    for number in range(FAMILIES):
        shifted = window.ended_at + number * PERIOD_SECONDS / FAMILIES
        scores[number] = 0.999 * (shifted % PERIOD_SECONDS < PLAYING_SECONDS)
    return Heard(window.ended_at, -20.0, scores, due_patches(window.ended_at, scores))


def recording_write(record: Path) -> Any:
    """Return an `OutboxFile.write` that appends every committed event to `record`."""
    file = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    write = OutboxFile.write

    def noting(self: OutboxFile, events: Any, gone: Any, wills: Any) -> None:
        write(self, events, gone, wills)
        for entry in events.values():
            os.write(file, entry.message.payload + b"\n")

    return noting


def start(config: str, record: str, speed: str) -> int:
    """Run until a signal."""

    def feed(ring: Ring) -> None:
        second = np.resize(np.array([0.1, -0.1], np.float32), (SAMPLE_RATE_HZ, 1))
        while True:
            ring.write(second)
            time.sleep(1.0 / float(speed))

    # Use a duplicate, as the program does: libraries are kept from writing to descriptor 2.
    logging.basicConfig(level=logging.INFO, stream=os.fdopen(os.dup(2), "w", buffering=1))
    Scorer.hear = scripted_scores  # type: ignore[method-assign]
    OutboxFile.write = recording_write(Path(record))  # type: ignore[method-assign]
    # Connections are short because the test cuts them, not because the broker closes them.
    mqtt_link._SETTLED_SECONDS = 0.0
    settings = load(Path(config))
    return run(settings, make_device=lambda _source, _portaudio, changed: FedDevice(feed, changed))


if __name__ == "__main__":
    sys.exit(start(*sys.argv[1:]))
