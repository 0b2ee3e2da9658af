"""Measure Hear a file: `python -m benchmarks.page.hear`.

A daemon hears the demo's medley while recordings of ten minutes are uploaded to its page, with and
without notes. Needs mosquitto and PyAV.
"""

import argparse
import http.client
import io
import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.page.daemons import Daemon, running
from daemon.sound.sound_file import read_sound
from tests.conftest import MEDLEY
from tests.daemon.web.page.parts import Page

SETTLE_SECONDS = 15.0
LEAST = {"": 100, "?notes=1": 50}


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="of the recording")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    recording = _recording(options.minutes)
    with running(["heard"], [True]) as (daemon,):
        time.sleep(SETTLE_SECONDS)
        late, windows = daemon.late_windows(), _windows(daemon)
        print(f"memory before: {daemon.megabytes():.1f} MB")
        for _ in range(options.rounds):
            for query, least in LEAST.items():
                _show(daemon, recording, query, least)
        windows = _windows(daemon) - windows
        print(f"live: {daemon.late_windows() - late} late windows (at most 0) of {windows}")
        print(
            f"memory after: {daemon.megabytes():.1f} MB, at most {_most_megabytes(daemon):.1f} MB"
        )


def _recording(minutes: float) -> bytes:
    medley = read_sound(str(MEDLEY))
    wanted = round(minutes * 60 * 16_000)
    written = io.BytesIO()
    sound = np.tile(medley, wanted // len(medley) + 1)[:wanted]
    soundfile.write(written, sound, 16_000, format="FLAC")
    return written.getvalue()


def _show(daemon: Daemon, recording: bytes, query: str, least: int) -> None:
    began, cpu = time.perf_counter(), daemon.cpu_seconds()
    assert daemon.port is not None
    result = _hear(daemon.port, recording, query)
    took, cpu = time.perf_counter() - began, daemon.cpu_seconds() - cpu
    what = f"{len(result['notes'])} notes" if query else "families"
    print(
        f"{what}: {result['seconds'] / took:.0f} x real time (at least {least}), {took:.1f} s, "
        f"of which {cpu:.1f} s of CPU in the daemon, the live sound's among them"
    )


def _hear(port: int, recording: bytes, query: str) -> Any:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"x-timbrel-page": Page(port).token()}
    client.request("POST", f"/api/hear{query}", recording, headers)
    lines = client.getresponse().read().decode().splitlines()
    client.close()
    return json.loads(lines[-1])["result"]


def _windows(daemon: Daemon) -> int:
    assert daemon.port is not None
    health = Page(daemon.port).ask("/api/health").json
    return int(health["places"][0]["counters"]["windows"])


def _most_megabytes(daemon: Daemon) -> float:
    """Return the largest resident memory of the daemon so far."""
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
