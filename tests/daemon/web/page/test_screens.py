"""The page looks as it did when its pictures were stored; `screens.py` renews them."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")
pytest.importorskip("PIL", reason="needs Pillow")

from tests.daemon.web.page.parts import Page
from tests.daemon.web.page.screens import (
    MOST_DIFFERENCE,
    SCREENS,
    Screen,
    difference,
    example,
    photographed,
    stored,
)
from tests.daemon.web.page.test_browser import CHROMIUM, browser

__all__ = ["browser"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]


@pytest.fixture
def page() -> Iterator[Page]:
    with example() as serving:
        yield serving


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.file.stem)
def test_looks_as_stored(browser: Any, page: Page, screen: Screen) -> None:
    picture = photographed(browser, page, screen)
    assert picture.shape == stored(screen).shape
    assert difference(picture, stored(screen)) < MOST_DIFFERENCE


@pytest.mark.parametrize(
    ("script", "is_seen"),
    [
        ("document.documentElement.style.fontFamily = 'DejaVu Serif, serif'", False),
        ("document.querySelectorAll('section')[1].remove()", True),
        ("document.querySelector('.heat').style.visibility = 'hidden'", True),
    ],
)
def test_change_is_seen_but_not_another_font(
    browser: Any, page: Page, *, script: str, is_seen: bool
) -> None:
    (screen,) = (s for s in SCREENS if s.file.stem == "history-1440-light")
    picture = photographed(browser, page, screen, script)
    assert (difference(picture, stored(screen)) >= MOST_DIFFERENCE) == is_seen
