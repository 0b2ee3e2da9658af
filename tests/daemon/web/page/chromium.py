"""Debian's Chromium on a page, which must report no error and ask no other host."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM = shutil.which("chromium")


@contextmanager
def chromium(*more: str) -> Iterator[Any]:
    """Run the browser with further options of its command line."""
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *more]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield running
        running.close()


@contextmanager
def opened(
    browser: Any, home: str, view: str, *, expected: str = "status of 422", **options: Any
) -> Iterator[Any]:
    """Open a view of the page at `home`; fail at its end after an error or a foreign request.

    Errors that contain `expected` are none: the browser itself reports refused requests.
    """
    faults: list[str] = []

    def take(message: Any) -> None:
        if message.type == "error" and expected not in message.text:
            faults.append(message.text)

    context = browser.new_context(**options)
    tab = context.new_page()
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", take)
    ours = (home, f"blob:{home.partition('://')[0]}://{home.split('/')[2]}/")
    tab.on("request", lambda r: None if r.url.startswith(ours) else faults.append(r.url))
    tab.goto(f"{home}#{view}")
    tab.wait_for_selector("#view section")
    yield tab
    context.close()
    assert faults == []
