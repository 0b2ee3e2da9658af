"""Photograph the page for the documentation: `python -m benchmarks.page.pictures FOLDER`.

A daemon hears the demo's medley, with a simulated history of two years. Chromium shows Live and the
history in three sizes and both themes, and each screen becomes a PNG. Needs mosquitto and Chromium.
"""

import argparse
import io
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.page.daemons import running_in, wait_until_up
from tests.brokers import free_port
from tests.daemon.web.page.simulated_history import simulate

MORE = "practice: {live_notes: true, chords: true, goal: 120}\n"
WIDTHS = (360, 768, 1_440)
SCHEMES = ("light", "dark")
HISTORY_DAYS = 700
HEIGHT = 1_000
COLOURS = 96


def main() -> None:
    """Write all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=62.0, help="of music before the pictures")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        simulate(state, "box", date.today(), HISTORY_DAYS)  # noqa: DTZ011 (local)
        with running_in(Path(folder), free_port(), MORE) as daemon:
            wait_until_up(daemon)
            _photograph(f"http://127.0.0.1:{daemon.port}/", options.folder, options.seconds)


def _photograph(home: str, folder: Path, seconds: float) -> None:
    from playwright.sync_api import sync_playwright

    sizes = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        tabs = [_tab(browser, f"{home}#live", width, scheme) for width, scheme in sizes]
        tabs[0].wait_for_timeout(1_000 * seconds)
        for view in ("live", "history"):
            for tab, (width, scheme) in zip(tabs, sizes, strict=True):
                if view != "live":  # The spectrogram would begin anew.
                    tab.goto(f"{home}#{view}")
                    tab.wait_for_timeout(2_000)
                _save(tab.screenshot(full_page=True), folder / f"{view}-{width}-{scheme}.png")
        browser.close()


def _tab(browser: Any, address: str, width: int, scheme: str) -> Any:
    size = {"width": width, "height": HEIGHT}
    tab = browser.new_context(viewport=size, color_scheme=scheme, locale="en-US").new_page()
    tab.goto(address)
    return tab


def _save(png: bytes, path: Path) -> None:
    """Write a picture with few colours, so that it stays small."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
