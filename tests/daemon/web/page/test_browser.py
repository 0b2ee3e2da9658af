"""The page in Debian's Chromium: what a user sees, does and reads aloud."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")
import numpy as np

from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.hub.messages import Message
from tests.conftest import MEDLEY, free_port
from tests.daemon.web.page.parts import FAMILIES, Page, served
from tests.daemon.web.page.test_live import observation

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]
VIEWS = ("live", "hear", "settings", "health")
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield running
        running.close()


@pytest.fixture
def page() -> Iterator[Page]:
    with served(free_port()) as serving:
        post(serving, "hearing", {"hearing": "hearing", "reason": None, "since": "2026-01-01"})
        post(serving, "state", playing())
        post(serving, "sensitivity", 50)
        post(serving, "mute", "OFF")
        yield serving


@pytest.fixture
def opened(browser: Any, page: Page) -> Iterator[Open]:
    """Open the page; fail if it reports an error or asks another host."""
    faults: list[str] = []

    def opening(view: str = "live", **options: Any) -> Any:
        context = stack.enter_context(browser.new_context(**options))
        tab = context.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda m: faults.append(m.text) if is_fault(m) else None)
        home = f"http://127.0.0.1:{page.port}/"
        ours = (home, f"blob:{home}")
        tab.on("request", lambda r: None if r.url.startswith(ours) else faults.append(r.url))
        tab.goto(f"{home}#{view}")
        tab.wait_for_selector("#view section")
        return tab

    with ExitStack() as stack:
        yield opening
    assert faults == []


def is_fault(message: Any) -> bool:
    # The browser itself reports refused requests there.
    return message.type == "error" and "status of 422" not in message.text


def post(page: Page, leaf: str, value: Any) -> None:
    payload = value if isinstance(value, str) else json.dumps(value)
    page.board.post(Message(f"timbrel/box/{leaf}", payload.encode()))


def playing(*families: str) -> dict[str, Any]:
    sounding = {f: {"score": 0.9, "since": "2026-01-01T12:00:00.000+00:00"} for f in families}
    return {"playing": bool(families), "families": sounding, "level": -20.0}


def hear(page: Page, end_seconds: float, *events: EventStarted | EventEnded) -> None:
    page.live.observer("box").observe(observation(end_seconds, *events))


def test_shows_what_plays_within_a_second(page: Page, opened: Open) -> None:
    tab = opened(timezone_id="UTC", locale="en-US")
    shown = tab.locator(".playing")
    sync_api.expect(shown).to_have_text("Nothing is playing")
    post(page, "state", playing("guitar"))
    sync_api.expect(shown).to_have_text("guitar", timeout=1_000)
    sync_api.expect(tab.locator("#announcer")).to_have_text("guitar")
    sync_api.expect(tab.locator(".playing + p")).to_have_text("since 12:00:00 PM")
    post(page, "hearing", {"hearing": "deaf", "reason": "unplugged", "since": "2026-01-01"})
    sync_api.expect(shown).to_have_text("No sound arrives")
    sync_api.expect(tab.locator(".playing + p")).to_have_text("unplugged")


def test_shows_scores_spectrogram_and_why_an_event_started(page: Page, opened: Open) -> None:
    tab = opened()
    hear(page, 5.0, EventStarted("flute", 2.0, 5.0, 0.8))
    summary = tab.locator("summary")
    sync_api.expect(summary).to_contain_text("flute · score 0.80 · playing")
    values = tab.locator(".scores").first.locator(".value")
    assert values.all_text_contents() == ["0.90", "0.10"]
    summary.click()
    details = tab.locator("details")
    assert details.locator(".score .value").all_text_contents() == ["0.90", "0.10"]
    for canvas in ("details canvas", ".layers canvas.picture"):
        assert brightest(tab, canvas) > 200
    hear(page, 9.0, EventEnded("flute", 2.0, 9.0, 0.1, 7.5, 0.95))
    sync_api.expect(summary).to_contain_text("6 s")


def brightest(tab: Any, canvas: str) -> int:
    """Return the largest green value of a canvas."""
    script = """canvas => canvas.getContext('2d')
        .getImageData(0, 0, canvas.width, canvas.height).data
        .reduce((most, value, index) => index % 4 === 1 ? Math.max(most, value) : most, 0)"""
    return int(tab.locator(canvas).evaluate(script))


def test_shows_passages_that_came_close(page: Page, opened: Open) -> None:
    tab = opened()
    observer = page.live.observer("box")
    near = observation(5.0)
    near.heard.scores[:] = np.array([0.45, 0.1], np.float32)
    observer.observe(near)
    far = observation(6.0)
    far.heard.scores[:] = 0.0
    observer.observe(far)
    row = tab.locator("tbody tr").first
    sync_api.expect(row).to_contain_text("flute")
    assert row.locator("td").all_text_contents()[2:] == ["0.45", "0.50"]


def test_recording_is_analysed_shown_and_downloaded(opened: Open, tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs the media extra")
    tab = opened("hear", accept_downloads=True)
    tab.get_by_label("Recording").set_input_files(MEDLEY)
    bar = tab.get_by_role("button", name="Play drums")
    sync_api.expect(bar.first).to_be_visible(timeout=30_000)
    rows = tab.locator(".tall tbody tr")
    sync_api.expect(rows).to_have_count(21)
    with tab.expect_download() as download:
        tab.get_by_text("Download as CSV").click()
    download.value.save_as(tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].startswith("start,end,level,bass,brass,drums")
    assert len(lines) == 22
    # The result stays while another view is shown.
    tab.get_by_role("link", name="Health").click()
    tab.get_by_role("link", name="Hear a file").click()
    sync_api.expect(rows).to_have_count(21)


def test_file_without_sound_is_explained(opened: Open, tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs the media extra")
    (tmp_path / "notes.wav").write_text("not a recording")
    tab = opened("hear")
    tab.get_by_label("Recording").set_input_files(tmp_path / "notes.wav")
    fault = tab.get_by_role("alert").filter(has_text="cannot be read as audio")
    sync_api.expect(fault).to_be_visible(timeout=20_000)


def test_setting_is_sent_and_follows_the_hub(page: Page, opened: Open) -> None:
    tab = opened("settings")
    slider = tab.get_by_label("Sensitivity")
    sync_api.expect(slider).to_have_value("50")
    slider.focus()
    tab.keyboard.press("ArrowRight")
    tab.get_by_label("Mute").check()
    tab.wait_for_timeout(500)
    assert page.commands == [
        ("timbrel/box/sensitivity/set", b"51"),
        ("timbrel/box/mute/set", b"ON"),
    ]
    post(page, "sensitivity", 80)
    sync_api.expect(slider).to_have_value("80")


def test_refused_value_is_explained(page: Page, opened: Open) -> None:
    tab = opened("settings")
    post(page, "stop_after", 15)
    field = tab.get_by_label("Stop after")
    sync_api.expect(field).to_have_value("15")
    field.fill("0")
    field.press("Enter")
    fault = tab.get_by_role("alert").filter(has_text="send a number from 1 to 86400")
    sync_api.expect(fault).to_be_visible()
    sync_api.expect(field).to_have_value("15")
    assert page.commands == []


def test_health_shows_the_daemon_and_the_model(opened: Open) -> None:
    tab = opened("health")
    sync_api.expect(tab.get_by_text("Everything works.")).to_be_visible()
    sync_api.expect(tab.get_by_text("Windows analysed")).to_be_visible()
    sync_api.expect(tab.get_by_text("YAMNet")).to_be_visible()


def test_speaks_german(opened: Open) -> None:
    tab = opened(locale="de-DE")
    sync_api.expect(tab.locator(".playing")).to_have_text("Nichts wird gespielt")
    assert tab.evaluate("document.documentElement.lang") == "de"


def test_reconnects_after_a_restart(browser: Any) -> None:
    port = free_port()
    context = browser.new_context()
    tab = context.new_page()
    with served(port) as before:
        post(before, "hearing", {"hearing": "hearing"})
        tab.goto(f"http://127.0.0.1:{port}/")
        sync_api.expect(tab.locator(".playing")).to_have_text("Nothing is playing")
    sync_api.expect(tab.locator("#trouble")).to_be_visible()
    with served(port) as after:
        post(after, "hearing", {"hearing": "muted"})
        sync_api.expect(tab.locator(".playing")).to_have_text("Muted", timeout=20_000)
        sync_api.expect(tab.locator("#trouble")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_has_no_faults_of_accessibility(page: Page, opened: Open, view: str, scheme: str) -> None:
    hear(page, 5.0, EventStarted("flute", 2.0, 5.0, 0.8))
    tab = opened(view, color_scheme=scheme)
    if view == "live":
        tab.locator("summary").click()
    if view == "hear":
        tab.get_by_label("Recording").set_input_files(MEDLEY)
        tab.get_by_text("What plays when").wait_for()
    if view == "health":
        tab.get_by_text("YAMNet").wait_for()
    found = axe.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 768, 3_840])
@pytest.mark.parametrize("view", VIEWS)
def test_fits_every_screen(page: Page, opened: Open, view: str, width: int) -> None:
    hear(page, 5.0, EventStarted("flute", 2.0, 5.0, 0.8))
    tab = opened(view, viewport={"width": width, "height": 800}, locale="de-DE")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_every_view_is_reached_with_the_keyboard(opened: Open) -> None:
    tab = opened()
    names = []
    for _ in range(6):
        tab.keyboard.press("Tab")
        names.append(tab.evaluate("document.activeElement.textContent"))
    assert names == ["Skip to the content", "Live", "History", "Hear a file", "Settings", "Health"]
    tab.keyboard.press("Enter")
    sync_api.expect(tab.get_by_role("heading", name="Health", exact=True)).to_be_visible()


def test_languages_have_the_same_texts(page: Page) -> None:
    english, german = (page.ask(f"/static/{name}.json").json for name in ("en", "de"))
    assert english.keys() == german.keys()
    assert all(english.values())
    assert all(german.values())
    assert {f"family_{family}" for family in FAMILIES} <= english.keys()
