"""Measure the heap of a page that stays open for a day: `python -m benchmarks.page.heap`.

A served page gets the messages of 24 hours of playing at 60 times their speed, through the same
code as those of a daemon; Chromium shows them. After each hour every view is opened once, the
garbage is collected and the heap measured. Exits with 1 if that of JavaScript exceeds 1.1 times
that after the first hour. Needs Chromium and half an hour.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.hub.messages import Message
from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES
from daemon.web.page.live import live as live_module
from daemon.web.page.live.ear import Moment
from tests.brokers import free_port
from tests.conftest import MEDLEY
from tests.daemon.web.page.parts import Page, serving
from tests.daemon.web.page.simulated_history import simulate

MOST_GROWTH = 1.1
HOUR_SECONDS = 3_600
COLLECTIONS = 4
EVENT_SECONDS = 40
SWITCHES = ("enabled", "tuning", "tempo", "key", "notes", "dynamics", "chords", "live_notes")
VIEWS = ("history", "hear", "settings", "health", "live")


class Heap(NamedTuple):
    """What a page holds after its garbage has been collected."""

    script_bytes: int
    """Of JavaScript."""
    dom_bytes: int
    """Of the DOM, with Chromium's caches and its record of the newest 200 slow frames.

    That record grows most while the machine is busy; it is not the page's.
    """
    nodes: int
    """Nodes of the DOM."""


class Day:
    """Sends what a daemon would send while somebody plays; `now` is the simulated wall time."""

    def __init__(self, page: Page, families: tuple[str, ...]) -> None:
        self.now = time.time()
        self._page = page
        self._families = families
        self._sound = read_sound(str(MEDLEY))
        self._margin = page.live._scrolling.margin_samples
        self._rng = np.random.default_rng(1)
        self._second = 0
        self._playing: tuple[str, ...] = ()

    def begin(self) -> None:
        """Send the states that a daemon sends at its start."""
        for name in SWITCHES:
            self._post(f"practice_{name}", "ON")
        self._post("practice_reference_hz", 440)
        self._post("practice_goal", 120)
        self._post("hearing", {"hearing": "hearing"})

    def advance(self) -> None:
        """Send the messages of one second."""
        second, self._second = self._second, self._second + 1
        self.now += 1.0
        self._note(second)
        if second % 5 == 0:
            self._post("scores", dict.fromkeys(self._families, second % 7 / 10))
        if second % 10 == 0:
            self._post("level", -20 - second % 13)
            self._post("practice/now", _figures(second))
        if second % 60 == 0:
            minutes = second / 60
            self._post("practice", {"minutes": minutes, "week_minutes": minutes})
        self._page.live._note_moment(self._moment(second, self._events(second)))

    def _note(self, second: int) -> None:
        names = ("A4", "C#5", "Eb3", "G4")
        note = names[second % len(names)]
        body = {"note": note, "notes": [note], "midi": 60, "cents": second % 50 - 25.0}
        self._post("practice/note", body if second % 8 else {"note": None, "notes": []})

    def _events(self, second: int) -> tuple[Event, ...]:
        family = self._families[second // EVENT_SECONDS % len(self._families)]
        if second % EVENT_SECONDS == 5:
            self._playing = (family,)
            started = EventStarted(family, second - 3.0, float(second), 0.9)
            self._post_state(family)
            return (started,)
        if second % EVENT_SECONDS == EVENT_SECONDS - 5 and self._playing:
            self._playing = ()
            self._post_state()
            ended = EventEnded(family, second - 33.0, float(second), 0.1, second - 1.0, 0.95)
            return (ended,)
        return ()

    def _post_state(self, *families: str) -> None:
        sounding = {f: {"score": 0.9, "since": "2026-01-01T12:00:00+00:00"} for f in families}
        self._post("state", {"playing": bool(families), "families": sounding, "level": -20})

    def _moment(self, second: int, events: tuple[Event, ...]) -> Moment:
        first = second * SAMPLE_RATE_HZ % (len(self._sound) - WINDOW_SAMPLES)
        window = self._sound[first : first + WINDOW_SAMPLES]
        starts = any(isinstance(event, EventStarted) for event in events)
        return Moment(
            place="box",
            wall=self.now,
            ended_at=float(second),
            level_dbfs=-20.0,
            scores=self._rng.uniform(0.0, 0.55, len(self._families)).astype(np.float32),
            playing=self._playing,
            events=events,
            newest=window[-SAMPLE_RATE_HZ - self._margin :],
            window=window if starts else None,
        )

    def _post(self, leaf: str, value: Any) -> None:
        payload = value if isinstance(value, str) else json.dumps(value)
        self._page.board.post(Message(f"timbrel/box/{leaf}", payload.encode()))


def _figures(second: int) -> dict[str, Any]:
    step = second % 11
    return {
        "a4_hz": 440.0 + step,
        "in_tune": 0.8,
        "median_cents": -step,
        "tempo_bpm": 90 + step,
        "tempo_stability": 0.03,
        "tempo_drift": 0.01,
        "key": "A major",
        "chord": "A:maj",
        "next_chord": "D:maj",
        "dynamic": "mf",
        "vibrato_hz": None,
        "vibrato_cents": None,
        "genre": None,
    }


def main() -> int:
    """Print the heap after each hour; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--rate", type=float, default=60.0, help="times real time")
    options = parser.parse_args()
    families = tuple(read_contract(BUILT_IN_MODEL).families)
    heaps = []
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), "box", date.today(), 800)  # noqa: DTZ011 (local)
        page = Page(free_port(), Path(folder), families=families)
        day = Day(page, families)
        # Messages carry the simulated time.
        setattr(live_module, "time", SimpleNamespace(time=lambda: day.now))  # noqa: B010
        snapshots = _counted_snapshots(page)
        with serving(page), _shown(page) as measured:
            day.begin()
            for hour in range(1, options.hours + 1):
                rate = _play_hour(day, options.rate)
                heaps.append(measured())
                _show(f"hour {hour} at {rate:.0f} x", heaps[-1])
        # More than the first one: the browser was too slow and began anew.
        print(f"snapshots sent: {len(snapshots)}")
    first, last = heaps[0], heaps[-1]
    growths = [b / a for a, b in zip(first, last, strict=True)]
    print("last hour / first hour: JavaScript {:.3f}, DOM {:.3f}, nodes {:.3f}".format(*growths))
    return int(growths[0] > MOST_GROWTH)


def _show(name: str, heap: Heap) -> None:
    script, dom = heap.script_bytes / 1e6, heap.dom_bytes / 1e6
    print(f"{name}: JavaScript {script:.2f} MB, DOM {dom:.2f} MB, {heap.nodes} nodes", flush=True)


def _counted_snapshots(page: Page) -> list[int]:
    """Return a list that grows by one with each snapshot that the page sends."""
    sizes: list[int] = []
    snapshot = page.live.snapshot

    def counted() -> bytes:
        body = snapshot()
        sizes.append(len(body))
        return body

    setattr(page.live, "snapshot", counted)  # noqa: B010
    return sizes


def _play_hour(day: Day, rate: float) -> float:
    """Send an hour of messages; return how many times faster than real time that was."""
    began = time.monotonic()
    for second in range(1, HOUR_SECONDS + 1):
        day.advance()
        time.sleep(max(0.0, began + second / rate - time.monotonic()))
    return HOUR_SECONDS / (time.monotonic() - began)


@contextmanager
def _shown(page: Page) -> Iterator[Callable[[], Heap]]:
    """Show the page in Chromium; yield a function that returns its heap."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        tab = browser.new_page()
        tab.goto(f"http://127.0.0.1:{page.port}/")
        tab.wait_for_selector("#view section")
        session = tab.context.new_cdp_session(tab)
        session.send("HeapProfiler.enable")

        def measure() -> Heap:
            for view in VIEWS:
                tab.goto(f"http://127.0.0.1:{page.port}/#{view}")
                tab.wait_for_timeout(1_500)
            for _ in range(COLLECTIONS):
                # What the DOM held is released in tasks of its own.
                session.send("HeapProfiler.collectGarbage")
                tab.wait_for_timeout(500)
            usage = session.send("Runtime.getHeapUsage")
            nodes = session.send("Memory.getDOMCounters")["nodes"]
            return Heap(usage["usedSize"], usage.get("embedderHeapUsedSize", 0), nodes)

        yield measure
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
