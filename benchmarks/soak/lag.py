"""Measure in real time how long after its last sample a window's result is there."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.soak.stretches import medley
from daemon.commands import run as command
from daemon.commands.bench import Fed
from daemon.configuration.settings_file import load
from daemon.hearing.pipeline import Observation
from daemon.runtime import station
from daemon.runtime.place import Place
from daemon.runtime.wiring import place_of
from daemon.sound.ring import Ring
from daemon.sound.window import SAMPLE_RATE_HZ
from tests.conftest import ROOT, Mosquitto

_BLOCKS_A_SECOND = 10


class _LagMeter:
    """Feeds a ring in real time, and observes the lag of each window in seconds."""

    def __init__(self, minutes: float) -> None:
        self.lags: list[float] = []
        self._blocks = int(minutes * 60 * _BLOCKS_A_SECOND)
        self._written: deque[tuple[float, float]] = deque()

    def feed(self, ring: Ring) -> None:
        """Write the medley in real time, then stop the process."""
        block = SAMPLE_RATE_HZ // _BLOCKS_A_SECOND
        began = time.monotonic()
        for number in range(self._blocks):
            time.sleep(max(0.0, began + number / _BLOCKS_A_SECOND - time.monotonic()))
            start = number * block % len(medley())
            self._written.append(((number + 1) / _BLOCKS_A_SECOND, time.monotonic()))
            ring.write(medley()[start : start + block, None])
        # Wait for the last window.
        time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    def observe(self, observation: Observation) -> None:
        """Record the time since the last block of the window was written."""
        ended_at = observation.heard.ended_at
        while self._written and self._written[0][0] < ended_at - 1e-6:
            self._written.popleft()
        self.lags.append(time.monotonic() - self._written[0][1])


def listen_in_real_time(config: str, minutes: str) -> None:
    """Run in real time; print the number of windows and their worst and median lag in seconds."""
    meter = _LagMeter(float(minutes))

    def place_with_meter(*arguments: Any, **named: Any) -> Place:
        return place_of(*arguments, **named, observers=[meter])

    setattr(station, "place_of", place_with_meter)  # noqa: B010 (mypy sees no such export)
    medley()
    settings = load(Path(config))
    command.run(settings, make_device=lambda _source, _portaudio, changed: Fed(meter.feed, changed))
    lags = meter.lags
    print(json.dumps({"windows": len(lags), "worst": max(lags), "median": float(np.median(lags))}))


def measure_lag(minutes: float) -> int:
    """Run in real time; return 0 if no window is missing or later than a hop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto(folder, "allow_anonymous true\n")
        broker.start()
        config = folder / "timbrel.yaml"
        config.write_text(
            f"name: soak\nstate: {{directory: {folder}/state}}\nlog: {{level: warning}}\n"
            f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n"
        )
        arguments = ["--child-realtime", str(config), str(minutes)]
        child = [sys.executable, "-m", "benchmarks.soak", *arguments]
        done = subprocess.run(child, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        broker.kill()
    lag = json.loads(done.stdout.splitlines()[-1])
    expected = int(minutes * 60) - 3
    print(
        f"{minutes:g} min in real time: {lag['windows']} windows of {expected}, "
        f"lag median {1000 * lag['median']:.1f} ms, worst {1000 * lag['worst']:.1f} ms (hop 1 s)"
    )
    return int(lag["worst"] > 1.0 or lag["windows"] < expected)
