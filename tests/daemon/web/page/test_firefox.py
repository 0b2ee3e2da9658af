"""The page in Debian's Firefox: every view, a recording, and recording in the browser."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")
pytest.importorskip("av", reason="needs the media extra")
pytest.importorskip("websockets", reason="needs websockets, of the demo extra")

import soundfile

from tests.conftest import free_port
from tests.daemon.practice.voices import scale
from tests.daemon.web.page.firefox import FIREFOX, Firefox, firefox
from tests.daemon.web.page.parts import Page, served
from tests.daemon.web.page.test_browser import playing, post
from tests.virtual_microphone import VirtualMicrophone

pytestmark = [
    pytest.mark.skipif(FIREFOX is None, reason="needs Debian's firefox-esr"),
]


@pytest.fixture(scope="module")
def room() -> Iterator[VirtualMicrophone]:
    if shutil.which("pulseaudio") is None or shutil.which("paplay") is None:
        pytest.skip("pulseaudio and pulseaudio-utils are not installed")
    with tempfile.TemporaryDirectory(prefix="tmb", dir="/tmp") as folder:
        virtual = VirtualMicrophone(Path(folder))
        virtual.start()
        yield virtual
        virtual.kill()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, room: VirtualMicrophone) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("profile"), room.environment) as running:
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    with served(free_port()) as serving:
        post(serving, "hearing", {"hearing": "hearing", "reason": None, "since": "2026-01-01"})
        post(serving, "state", playing())
        post(serving, "mute", "OFF")
        yield serving


def opened(browser: Firefox, page: Page, view: str) -> None:
    browser.faults.clear()
    browser.open(f"http://127.0.0.1:{page.port}/?{view}#{view}")
    browser.wait_for("document.querySelector('#view section')")


def test_live_follows_the_messages(browser: Firefox, page: Page) -> None:
    opened(browser, page, "live")
    shown = "document.querySelector('.playing').textContent"
    browser.wait_for(f"{shown} === 'Nothing is playing'")
    post(page, "state", playing("guitar"))
    browser.wait_for(f"{shown} === 'guitar'")
    assert browser.faults == []


@pytest.mark.parametrize("view", ["history", "health"])
def test_view_opens(browser: Firefox, page: Page, view: str) -> None:
    opened(browser, page, view)
    browser.wait_for("document.querySelector('#view table')")
    assert browser.faults == []


def test_setting_is_sent(browser: Firefox, page: Page) -> None:
    opened(browser, page, "settings")
    browser.evaluate("document.querySelector('#setting-mute').click()")
    for _ in range(50):
        if page.commands:
            break
        browser.evaluate("new Promise((resolve) => setTimeout(resolve, 100))")
    assert page.commands == [("timbrel/box/mute/set", b"ON")]
    assert browser.faults == []


def test_recording_is_heard_with_its_notes(browser: Firefox, page: Page, tmp_path: Path) -> None:
    tune = tmp_path / "tune.wav"
    soundfile.write(tune, scale([60, 64, 67, 72, 67], 0.8, 0.1), 16_000)
    opened(browser, page, "hear")
    browser.choose("#recording", tune)
    browser.wait_for("document.querySelector('.names')?.textContent.startsWith('C4 E4 G4 C5')")
    assert browser.evaluate("[...document.querySelectorAll('a[download]')].length") == 3
    assert browser.faults == []


def test_browser_records_a_microphone(
    browser: Firefox, page: Page, room: VirtualMicrophone, tmp_path: Path
) -> None:
    tune = tmp_path / "tune.wav"
    soundfile.write(tune, scale([60, 64, 67, 72, 67, 64, 60, 64, 67], 0.8, 0.1), 16_000)
    opened(browser, page, "hear")
    button = "document.querySelector('#view button')"
    browser.evaluate(f"{button}.click()")
    browser.wait_for(f"{button}.textContent === 'Stop and analyse'")
    player = room.play(tune)
    browser.wait_for(f"{button}.nextElementSibling.textContent.includes('8 s recorded')")
    browser.evaluate(f"{button}.click()")
    player.kill()
    player.wait()
    # A busy machine loses sound, which divides a note.
    notes = "/C4( C4)*( E4)+( G4)+/.test(document.querySelector('.names')?.textContent)"
    browser.wait_for(notes)
    assert browser.faults == []
