"""Daemons that hear the demo's medley again and again, with and without the page."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.brokers import Mosquitto, free_port
from tests.cleanup import killed_at_last
from tests.conftest import ROOT
from tests.daemon.web.page.parts import Stream

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_LONGEST_START_SECONDS = 60.0
_FOREVER = "1e9"


class Daemon(NamedTuple):
    """A running daemon."""

    pid: int
    port: int | None
    """Of its page; None without one."""

    def cpu_seconds(self) -> float:
        """Return the CPU time that the process has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND

    def megabytes(self) -> float:
        """Return the memory of the process: what it shares is divided by those who share it."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise AssertionError("no Pss")

    def late_windows(self) -> int:
        """Return the windows that were skipped because they came too late."""
        found = self._json("api/health")
        return int(found["places"][0]["counters"]["late_windows"])

    def _json(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=20) as answer:
            return json.load(answer)


@contextmanager
def running(names: list[str], pages: list[bool]) -> Iterator[list[Daemon]]:
    """Run daemons at the same time, each with its own broker; `pages` tells which have a page."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = [free_port() if has_page else None for has_page in pages]
        daemons = [
            stack.enter_context(running_in(folder / name, port))
            for name, port in zip(names, ports, strict=True)
        ]
        for daemon in daemons:
            wait_until_up(daemon)
        yield daemons


@contextmanager
def running_in(folder: Path, port: int | None, more: str = "") -> Iterator[Daemon]:
    """Run a daemon with its state in `folder`, a page on `port`, and more lines of YAML."""
    folder.mkdir(exist_ok=True)
    broker = Mosquitto(folder, "allow_anonymous true\n")
    broker.start()
    config = folder / "timbrel.yaml"
    config.write_text(
        f"name: box\nmqtt: {{host: 127.0.0.1, port: {broker.port}}}\n"
        f"state: {{directory: {folder / 'state'}}}\n"
        + (f"web: {{port: {port}}}\n" if port else "")
        + more
    )
    module = "tests.daemon.web.page.medley_daemon"
    command = [sys.executable, "-m", module, str(config), "0", _FOREVER, "again"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        with killed_at_last(process):
            yield Daemon(process.pid, port)
    finally:
        broker.kill()


def wait_until_up(daemon: Daemon) -> None:
    """Wait until the page answers; without a page, as long as others take."""
    deadline = time.monotonic() + _LONGEST_START_SECONDS
    while daemon.port is not None:
        assert time.monotonic() < deadline, "the daemon did not start"
        try:
            daemon.late_windows()
        except OSError:
            time.sleep(0.5)
        else:
            return


@contextmanager
def watching(daemon: Daemon, watchers: int) -> Iterator[list[int]]:
    """Read the live messages of a page like so many browsers; yield the number each has got."""
    assert daemon.port is not None
    streams = [Stream(daemon.port) for _ in range(watchers)]
    counts = [0] * watchers

    def read(number: int) -> None:
        while streams[number].answer.readline():
            counts[number] += 1

    threads = [threading.Thread(target=read, args=(n,), daemon=True) for n in range(watchers)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        for stream in streams:
            stream.close()
        for thread in threads:
            thread.join(10)
