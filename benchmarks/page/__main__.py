"""Measure what the page costs: `python -m benchmarks.page`.

Three daemons hear the demo's medley at the same time: without the page, with a page that nobody
watches, and with three watchers on Live. So the load of the machine is the same for all of them.
Then Chromium measures the first paint, and a simulated history of ten years is asked. Needs
mosquitto and Chromium.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from benchmarks.page.daemons import Daemon, running, watching
from tests.brokers import free_port
from tests.daemon.web.page.parts import Page, Stream, serving
from tests.daemon.web.page.simulated_history import simulate

NAMES = ["without", "page", "watched"]
WATCHERS = 3
SETTLE_SECONDS = 20.0
TEN_YEARS_DAYS = 3_653
TIMES = 15


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the rounds")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    show_daemons(options.rounds, options.seconds)
    show_history()


def show_daemons(rounds: int, seconds: float) -> None:
    """Print CPU time and memory of the three daemons, and the first paint."""
    with running(NAMES, [False, True, True]) as daemons:
        without, page, watched = daemons
        with watching(watched, WATCHERS) as counts:
            time.sleep(SETTLE_SECONDS)
            late = watched.late_windows()
            shares = []
            for _ in range(rounds):
                shares.append(_cpu_shares(daemons, seconds))
                print("CPU in % of a core: " + _named([f"{100 * s:.2f}" for s in shares[-1]]))
            megabytes = [daemon.megabytes() for daemon in daemons]
            late = watched.late_windows() - late
        mean = [statistics.mean(column) for column in zip(*shares, strict=True)]
        print("memory in MB: " + _named([f"{m:.1f}" for m in megabytes]))
        print(f"nobody watches: {megabytes[1] - megabytes[0]:+.1f} MB (at most +12)")
        print(f"nobody watches: CPU x {mean[1] / mean[0]:.3f} (at most 1.03)")
        print(f"{WATCHERS} watchers: {100 * (mean[2] - mean[1]):+.2f} % of a core (at most +2)")
        print(f"{WATCHERS} watchers: {late} late windows, {min(counts)} lines for each at least")
        _show_first_paint(page)
        del without


def _named(values: list[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(NAMES, values, strict=True))


def _cpu_shares(daemons: list[Daemon], seconds: float) -> list[float]:
    began, before = time.monotonic(), [daemon.cpu_seconds() for daemon in daemons]
    time.sleep(seconds)
    after, ended = [daemon.cpu_seconds() for daemon in daemons], time.monotonic()
    return [(b - a) / (ended - began) for a, b in zip(before, after, strict=True)]


def _show_first_paint(daemon: Daemon) -> None:
    """Print when the first text appears in a browser with an empty cache."""
    from playwright.sync_api import sync_playwright

    painted = []
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        for _ in range(TIMES):
            context = browser.new_context()
            tab = context.new_page()
            tab.goto(f"http://127.0.0.1:{daemon.port}/")
            tab.wait_for_selector("#view section")
            painted.append(tab.evaluate(_FIRST_PAINT))
            context.close()
        browser.close()
    print(
        f"first paint: {statistics.median(painted):.0f} ms (at most 500), worst {max(painted):.0f}"
    )


_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def show_history() -> None:
    """Print how long the page's requests of ten years of history take."""
    with tempfile.TemporaryDirectory() as folder:
        today = date.today()  # noqa: DTZ011 (local)
        simulate(Path(folder), "box", today, TEN_YEARS_DAYS)
        with serving(Page(free_port(), Path(folder))) as page:
            Stream(page.port).close()
            asked = {
                "the year": "history?place=box",
                "an old year": f"history?place=box&year={today.year - 9}",
                "50 sessions of ten years": "history/sessions?place=box"
                f"&since={today - timedelta(days=TEN_YEARS_DAYS)}&until={today}",
                "export as CSV": "history/export?place=box&form=csv",
                "export as JSON": "history/export?place=box&form=json",
                "export as a calendar": "history/export?place=box&form=ics",
            }
            for name, path in asked.items():
                ask = partial(page.ask, f"/api/{path}")
                limit = "" if name.startswith("export") else " (at most 100)"
                spread = _spread([_milliseconds(ask) for _ in range(TIMES)])
                print(f"history, {name}: {spread}{limit}")


def _spread(milliseconds: list[float]) -> str:
    return f"{statistics.median(milliseconds):.0f} ms, worst {max(milliseconds):.0f} ms"


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
