"""How it is played, in Debian's Chromium: tuner, figures, notes over the spectrogram."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")

from daemon.hearing.tracker import EventStarted
from tests.conftest import free_port
from tests.daemon.web.page.parts import Page, serving
from tests.daemon.web.page.test_browser import CHROMIUM, Open, axe, browser, opened, post, sync_api
from tests.daemon.web.page.test_live import observation

__all__ = ["browser", "opened"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]
SWITCHES = ("enabled", "tuning", "tempo", "key", "notes", "dynamics", "chords", "live_notes")
NOW = {
    **dict.fromkeys(("tempo_drift", "next_chord", "genre", "vibrato_cents")),
    "a4_hz": 441.2,
    "in_tune": 0.82,
    "median_cents": -3.1,
    "tempo_bpm": 92.4,
    "tempo_stability": 0.03,
    "key": "A major",
    "chord": "A:maj",
    "dynamic": "mf",
    "vibrato_hz": 5.6,
}
NOTE = {"note": "A4", "notes": ["C#4", "A4"], "midi": 69, "cents": -25.0}
SILENCE: dict[str, Any] = {"note": None, "notes": []}


@pytest.fixture
def page() -> Iterator[Page]:
    with serving(Page(free_port(), names=("box", "attic"))) as page:
        for leaf in SWITCHES:
            post(page, f"practice_{leaf}", "ON")
        post(page, "practice_reference_hz", 440)
        post(page, "hearing", {"hearing": "hearing"})
        yield page


def figures(tab: Any) -> dict[str, str]:
    rows = tab.get_by_text("How it is played").locator("..").locator("tr")
    return {r.locator("th").text_content(): r.locator("td").text_content() for r in rows.all()}


def test_shows_the_figures_whose_switches_are_on(page: Page, opened: Open) -> None:
    tab = opened(locale="en-US")
    rest = tab.get_by_text("appear here while somebody plays")
    sync_api.expect(rest).to_be_visible()
    post(page, "practice/now", NOW)
    sync_api.expect(rest).to_be_hidden()
    assert figures(tab) == {
        "Tuning (A4)": "441.2 Hz",
        "In tune": "82 %",
        "Deviation": "-3.1 cents",
        "Tempo": "92 beats a minute",
        "Variation of the tempo": "3 %",
        "Tempo since the beginning": "\N{EN DASH}",
        "Key": "A major",
        "Chord": "A:maj",
        "Dynamics": "mf",
        "Vibrato": "5.6 Hz",
    }
    post(page, "practice_tempo", "OFF")
    post(page, "practice_chords", "OFF")
    sync_api.expect(tab.get_by_text("beats a minute")).to_have_count(0)
    assert not {"Tempo", "Chord"} & figures(tab).keys()
    post(page, "practice/now", dict.fromkeys(NOW))
    sync_api.expect(rest).to_be_visible()
    assert tab.get_by_text("441.2 Hz").count() == 0


def test_companion_that_is_off_says_so(page: Page, opened: Open) -> None:
    post(page, "practice_enabled", "OFF")
    post(page, "practice/now", NOW)
    tab = opened()
    sync_api.expect(tab.get_by_text("The practice companion is switched off.")).to_be_visible()
    sync_api.expect(tab.get_by_role("meter", name="Tuner")).to_be_hidden()
    assert tab.get_by_text("441.2 Hz").count() == 0
    post(page, "practice_enabled", "ON")
    sync_api.expect(tab.get_by_text("441.2 Hz")).to_be_visible()
    sync_api.expect(tab.get_by_role("meter", name="Tuner")).to_be_visible()
    post(page, "practice_live_notes", "OFF")
    sync_api.expect(tab.get_by_text("For a tuner, switch on live notes")).to_be_visible()
    sync_api.expect(tab.get_by_role("meter", name="Tuner")).to_be_hidden()


def test_needle_shows_the_cents_of_the_note(page: Page, opened: Open) -> None:
    tab = opened(locale="en-US", reduced_motion="reduce")
    tuner = tab.get_by_role("meter", name="Tuner")
    sync_api.expect(tuner).to_have_attribute("aria-valuetext", "no note")
    post(page, "practice/note", NOTE)
    sync_api.expect(tuner).to_have_attribute("aria-valuetext", "A4, -25.0 cents")
    sync_api.expect(tuner).to_have_attribute("aria-valuenow", "-25")
    sync_api.expect(tab.locator(".note + p")).to_have_text("-25.0 cents · C#4")
    needle = tab.locator(".needle")
    assert needle.evaluate("needle => needle.style.transform") == "rotate(-30deg)"
    post(page, "practice/note", NOTE | {"cents": 2.0})
    sync_api.expect(tab.locator(".tuned")).to_have_count(1)
    post(page, "practice/note", SILENCE)
    sync_api.expect(tuner).to_have_attribute("aria-valuetext", "no note")
    sync_api.expect(tab.locator(".rests")).to_have_count(1)


def test_notes_are_drawn_at_their_pitch(page: Page, opened: Open) -> None:
    """The tone of 440 Hz is brightest where the note A4 is drawn."""
    tab = opened()
    observer = page.live.observer("box")
    observer.observe(observation(4.0))
    post(page, "practice/note", {"note": "A4", "notes": ["A4"], "midi": 69, "cents": 0.0})
    sync_api.expect(tab.locator(".note")).to_have_text("A4")
    observer.observe(observation(5.0))
    over = tab.locator(".layers .over")
    deadline = time.monotonic() + 10
    while not (note := over.evaluate(f"canvas => {BRIGHTEST}(canvas, 3)")):
        assert time.monotonic() < deadline, "nothing is drawn over the spectrogram"
    tone = tab.locator(".layers .picture").evaluate(f"canvas => {BRIGHTEST}(canvas, 1)")
    assert note == pytest.approx(tone, abs=0.02)


# The height of the brightest row of a canvas by one channel, 0..1 from the top; 0 if all are dark.
BRIGHTEST = """((canvas, channel) => {
    const {width, height} = canvas;
    const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    let [best, most] = [-0.5, 0];
    for (let row = 0; row < height; row++) {
        let sum = 0;
        for (let x = 0; x < width; x++) sum += data[4 * (row * width + x) + channel];
        if (sum > most) [best, most] = [row, sum];
    }
    return (best + 0.5) / height;
})"""


def test_two_places_are_two_tabs(page: Page, opened: Open) -> None:
    tab = opened()
    names = tab.locator("#places").get_by_role("button")
    assert names.all_text_contents() == ["box", "attic"]
    page.live.observer("attic").observe(observation(5.0, EventStarted("flute", 2.0, 5.0, 0.8)))
    sync_api.expect(tab.locator("summary")).to_have_count(0)
    names.last.click()
    sync_api.expect(names.last).to_have_attribute("aria-pressed", "true")
    sync_api.expect(tab.locator("summary")).to_contain_text("flute")
    tab.get_by_role("link", name="History").click()
    assert names.last.get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_has_no_faults_of_accessibility(page: Page, opened: Open, scheme: str) -> None:
    tab = opened(color_scheme=scheme)
    post(page, "practice/now", NOW)
    post(page, "practice/note", NOTE)
    sync_api.expect(tab.locator(".note")).to_have_text("A4")
    found = axe.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
