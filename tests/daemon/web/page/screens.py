"""Stored pictures of the page, small and grey, so that fonts and clocks hardly matter.

`python -m tests.daemon.web.page.screens` renews them.
"""

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.hub.messages import Message
from tests.conftest import free_port
from tests.daemon.web.page.parts import Page, serving
from tests.daemon.web.page.simulated_history import simulate
from tests.daemon.web.page.test_live import observation

FOLDER = Path(__file__).parent / "screens"
# So many pixels in each direction become one.
_SCALE = 12
# So many of those pixels in each direction are compared as one.
_BLOCK = 4
MOST_DIFFERENCE = 2.5
"""Another font makes up to 1.9, a missing card or bar at least 3.2."""
_LAST_DAY = date(2026, 6, 10)


class Screen(NamedTuple):
    """One view in one size and theme."""

    view: str
    width: int
    height: int
    scheme: str

    @property
    def file(self) -> Path:
        """Where its picture is stored."""
        return FOLDER / f"{self.view}-{self.width}-{self.scheme}.png"


SCREENS = [
    Screen(view, width, height, scheme)
    for view in ("live", "history", "settings")
    for width, height, scheme in ((360, 1_440, "dark"), (1_440, 1_440, "light"))
]
_STATES = {
    "hearing": {"hearing": "hearing"},
    "state": {"playing": True, "families": {"flute": {"score": 0.9, "since": "2026-06-10T18:00"}}},
    "practice": {"minutes": 21.5, "week_minutes": 85.2},
    "practice_goal": 120,
    **dict.fromkeys(("practice_enabled", "practice_tuning", "practice_live_notes"), "ON"),
    "practice/now": {"a4_hz": 441.2, "in_tune": 0.82, "median_cents": -3.1},
    "practice/note": {"note": "A4", "notes": ["A4"], "midi": 69, "cents": -25.0},
    **dict.fromkeys(("sensitivity", "quiet_gate", "stop_after"), 50),
}


@contextmanager
def example() -> Iterator[Page]:
    """Serve a page that always shows the same."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), "box", _LAST_DAY, 800)
        with serving(Page(free_port(), Path(folder))) as page:
            for leaf, value in _STATES.items():
                payload = value if isinstance(value, str) else json.dumps(value)
                page.board.post(Message(f"timbrel/box/{leaf}", payload.encode()))
            yield page


def play(page: Page) -> None:
    """Let the page hear two events; the spectrogram is drawn where the page is open."""
    observer = page.live.observer("box")
    observer.observe(observation(4.0))
    for number, family in enumerate(("flute", "guitar")):
        at = 5.0 + 2.0 * number
        observer.observe(observation(at, EventStarted(family, at - 3.0, at, 0.8)))
        ended = EventEnded(family, at - 3.0, at + 1.0, 0.1, at, 0.95)
        observer.observe(observation(at + 1.0, ended))


def photographed(browser: Any, page: Page, screen: Screen, script: str = "") -> NDArray[np.uint8]:
    """Return a screen as a small grey picture (rows, columns); `script` changes the page before."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme=screen.scheme,
        reduced_motion="reduce",
        locale="en-US",
        timezone_id="UTC",
    )
    tab = context.new_page()
    tab.goto(f"http://127.0.0.1:{page.port}/#{screen.view}")
    tab.wait_for_selector("#view section")
    if screen.view == "history":
        tab.get_by_role("button", name="2025", exact=True).click()
        tab.wait_for_selector('.heat [data-day="2025-07-01"]')
        tab.wait_for_selector(".plot canvas")
    if screen.view == "live":
        play(page)
        tab.locator("summary").nth(1).wait_for()
    if script:
        tab.evaluate(script)
    tab.wait_for_timeout(300)
    picture = small(tab.screenshot())
    context.close()
    return picture


def small(png: bytes) -> NDArray[np.uint8]:
    """Return a picture in grey, each pixel of which is the mean of many."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("L")
    size = (image.width // _SCALE, image.height // _SCALE)
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Return how far two small pictures differ, 0..255: the RMS of the means of their blocks."""
    blocks = _blocks(first) - _blocks(second)
    return float(np.sqrt((blocks**2).mean()))


def _blocks(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows, columns = (size // _BLOCK for size in picture.shape)
    whole = picture[: rows * _BLOCK, : columns * _BLOCK].astype(float)
    means: NDArray[np.float64] = whole.reshape(rows, _BLOCK, columns, _BLOCK).mean(axis=(1, 3))
    return means


def stored(screen: Screen) -> NDArray[np.uint8]:
    """Return the stored picture of a screen."""
    from PIL import Image

    return np.asarray(Image.open(screen.file))


def main() -> None:
    """Renew all pictures, and print by how much each has changed."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        for screen in SCREENS:
            with example() as page:
                picture = photographed(browser, page, screen)
            if screen.file.exists():
                print(f"{screen.file.name}: {difference(picture, stored(screen)):.2f}")
            Image.fromarray(picture).save(screen.file, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
