"""The history in Debian's Chromium: a year, its weeks and sessions, and deleting them."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")

from daemon.practice.history.history import History
from daemon.practice.history.schema import NAME
from tests.conftest import free_port
from tests.daemon.web.page.parts import Page, serving
from tests.daemon.web.page.simulated_history import simulate
from tests.daemon.web.page.test_browser import CHROMIUM, Open, axe, browser, opened, post, sync_api
from tests.daemon.web.page.test_history import sql

__all__ = ["browser", "opened"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of 800 days, the last of which is today."""
    folder = tmp_path_factory.mktemp("played")
    simulate(folder, "box", date.today(), 800)  # noqa: DTZ011 (local)
    return folder / NAME


@pytest.fixture
def page(played: Path, tmp_path: Path) -> Iterator[Page]:
    """A page with a history that can be deleted."""
    shutil.copy(played, tmp_path)
    with History(tmp_path) as history, serving(Page(free_port(), tmp_path)) as page:
        page.delete = history.delete
        post(page, "hearing", {"hearing": "hearing"})
        post(page, "practice", {"minutes": 20.0, "week_minutes": 85.2})
        post(page, "practice_goal", 0)
        yield page


def shown_days(tab: Any) -> list[str]:
    script = "cells => cells.map(cell => cell.dataset.day)"
    return sorted(tab.locator(".heat [data-day]").evaluate_all(script))


# In these zones the clock changes at night and at midnight.
@pytest.mark.parametrize("zone", ["Europe/Zurich", "America/Santiago"])
def test_year_has_each_day_once_across_changes_of_the_clock(opened: Open, zone: str) -> None:
    tab = opened("history", timezone_id=zone)
    year = date.today().year  # noqa: DTZ011
    tab.get_by_role("button", name=str(year - 1), exact=True).click()
    first = date(year - 1, 1, 1)
    sync_api.expect(tab.locator(f'.heat [data-day="{first}"]')).to_be_visible()
    days = (date(year, 1, 1) - first).days
    assert shown_days(tab) == [str(first + timedelta(days=n)) for n in range(days)]
    weekdays = tab.locator(".heat tbody tr")
    assert weekdays.count() == 7
    monday = weekdays.first.locator("[data-day]").first.get_attribute("data-day")
    assert date.fromisoformat(monday).weekday() == 0


def test_day_is_reached_with_the_keyboard_and_shows_its_sessions(
    opened: Open, tmp_path: Path
) -> None:
    ((day, seconds), *_) = sql(
        tmp_path, "SELECT day, seconds FROM days WHERE day LIKE ? ORDER BY day DESC", this_year()
    )
    tab = opened("history", locale="en-US")
    tab.locator('.heat [tabindex="0"]').focus()
    for _ in range(date.today().toordinal() - date.fromisoformat(day).toordinal()):  # noqa: DTZ011
        tab.keyboard.press("ArrowUp")
    cell = tab.locator(f'.heat [data-day="{day}"]')
    sync_api.expect(cell).to_be_focused()
    assert f": {seconds / 60:.1f} min" in cell.get_attribute("aria-label")
    tab.keyboard.press("Enter")
    sync_api.expect(cell).to_have_attribute("aria-selected", "true")
    sync_api.expect(tab.get_by_role("button", name="Delete this day")).to_be_visible()
    started = sql(
        tmp_path,
        "SELECT started FROM sessions WHERE date(started, 'unixepoch', 'localtime') = ?",
        day,
    )
    sync_api.expect(tab.locator(".sessions tbody tr")).to_have_count(len(started))
    tab.keyboard.press("Enter")
    sync_api.expect(cell).to_have_attribute("aria-selected", "false")
    tab.keyboard.press("Home")
    assert tab.evaluate("document.activeElement.dataset.day") == f"{this_year()[:4]}-01-01"


def this_year() -> str:
    return f"{date.today().year}-%"  # noqa: DTZ011


def test_weeks_are_drawn_and_told_as_a_table(opened: Open) -> None:
    tab = opened("history", locale="en-US")
    canvas = tab.locator(".plot canvas")
    sync_api.expect(canvas).to_be_visible()
    colours = canvas.evaluate(
        """canvas => new Set(new Uint32Array(canvas.getContext('2d')
            .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
    )
    assert colours > 4
    names = tab.locator("ul.legend li").all_text_contents()
    assert set(names) == {"flute", "guitar", "keyboard", "voice"}
    tab.get_by_text("As a table").click()
    heads = tab.get_by_role("region", name="Weeks").locator("thead th").all_text_contents()
    assert heads == ["Week from", "Total", *names]


def test_older_sessions_are_added(opened: Open) -> None:
    tab = opened("history")
    rows = tab.locator(".sessions tbody tr")
    sync_api.expect(rows).to_have_count(50)
    tab.get_by_role("button", name="Show older ones").click()
    sync_api.expect(rows).to_have_count(100)
    assert len(set(rows.locator("th").all_text_contents())) == 100


def test_session_is_deleted_only_after_a_yes(opened: Open, tmp_path: Path) -> None:
    tab = opened("history")
    before = sql(tmp_path, "SELECT started FROM sessions ORDER BY started DESC")
    newest = tab.get_by_role("button", name="Delete the session of").first
    newest.click()
    dialog = tab.get_by_role("dialog")
    sync_api.expect(dialog).to_contain_text("This cannot be undone.")
    dialog.get_by_role("button", name="Cancel").click()
    newest.click()
    tab.keyboard.press("Escape")
    sync_api.expect(dialog).to_have_count(0)
    assert sql(tmp_path, "SELECT count(*) FROM sessions") == [(len(before),)]
    label = newest.get_attribute("aria-label")
    newest.click()
    dialog.get_by_role("button", name="Delete").click()
    sync_api.expect(tab.locator("#announcer")).to_have_text("Deleted.")
    sync_api.expect(newest).not_to_have_attribute("aria-label", label)
    assert sql(tmp_path, "SELECT started FROM sessions ORDER BY started DESC") == before[1:]


def test_everything_is_deleted(opened: Open, tmp_path: Path) -> None:
    tab = opened("history", locale="de-DE")
    tab.get_by_role("button", name="Alles von diesem Ort löschen").click()
    tab.get_by_role("dialog").get_by_role("button", name="Löschen").click()
    sync_api.expect(tab.get_by_text("Keine Sitzung in dieser Zeit.")).to_be_visible()
    assert sql(tmp_path, "SELECT count(*) FROM days") == [(0,)]
    sync_api.expect(tab.locator(".heat .h1, .heat .h2, .heat .h3, .heat .h4")).to_have_count(0)


def test_goal_is_set_and_follows_the_hub(page: Page, opened: Open) -> None:
    tab = opened("history", locale="en-US")
    meter = tab.get_by_role("meter", name="This week")
    sync_api.expect(tab.locator(".playing")).to_have_text("85 min")
    sync_api.expect(meter).to_be_hidden()
    tab.get_by_label("Weekly goal in minutes").fill("170")
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(300)
    assert page.commands == [("timbrel/box/practice_goal/set", b"170")]
    post(page, "practice_goal", 170)
    sync_api.expect(tab.locator(".playing")).to_have_text("85 of 170 min")
    sync_api.expect(meter).to_have_attribute("aria-valuenow", "50")


def test_damaged_file_is_one_sentence(page: Page, browser: Any, tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").write_bytes(b"not a database" * 1_000)
    tab = browser.new_page()
    tab.goto(f"http://127.0.0.1:{page.port}/#history")
    fault = tab.get_by_role("alert").filter(has_text="restart Timbrel, which repairs it")
    sync_api.expect(fault).to_be_visible()
    tab.get_by_role("link", name="Live").click()
    sync_api.expect(tab.locator(".playing")).to_have_text("Nothing is playing")
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_has_no_faults_of_accessibility(opened: Open, scheme: str) -> None:
    tab = opened("history", color_scheme=scheme)
    tab.locator(".plot canvas").wait_for()
    tab.get_by_text("As a table").click()
    tab.locator('.heat [tabindex="0"]').click()
    tab.get_by_role("button", name="Delete everything").click()
    for _ in range(2):  # With the question, and without it.
        found = axe.Axe().run(tab)
        assert found.violations_count == 0, found.generate_report()
        tab.keyboard.press("Escape")


@pytest.mark.parametrize("width", [320, 768, 3_840])
def test_fits_every_screen(opened: Open, width: int) -> None:
    tab = opened("history", viewport={"width": width, "height": 800}, locale="de-DE")
    tab.locator(".plot canvas").wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
