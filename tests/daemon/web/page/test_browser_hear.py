"""Hear a file in Debian's Chromium: notes, downloads, playback, and recording in the browser."""

import io
import json
import re
import threading
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")
pytest.importorskip("av", reason="needs the media extra")

from tests.conftest import free_port
from tests.daemon.practice.voices import scale, silence
from tests.daemon.web.page.chromium import CHROMIUM, chromium, opened
from tests.daemon.web.page.parts import Page, served

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]
MIDIS = [60, 64, 67, 72, 67, 64, 60, 55, 60]
TUNE = np.concatenate([silence(0.5), scale(MIDIS, 0.8, 0.1), silence(0.5)])
BROKEN = b"RIFF\xff\xff\xff\xffWAVEfmt "


@pytest.fixture(scope="module")
def tune(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tune") / "tune.wav"
    soundfile.write(path, TUNE, 16_000)
    return path


@pytest.fixture(scope="module")
def browser(tune: Path) -> Iterator[Any]:
    """A browser whose microphone hears the tune again and again."""
    fake = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with chromium(*fake, f"--use-file-for-fake-audio-capture={tune}") as running:
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    with served(free_port()) as serving:
        yield serving


@pytest.fixture
def tab(browser: Any, page: Page) -> Iterator[Any]:
    with opened(browser, f"http://127.0.0.1:{page.port}/", "hear", locale="en-US") as opening:
        yield opening


def choose(tab: Any, file: Path) -> None:
    field = tab.get_by_label("Recording")
    field.evaluate("field => { field.value = '' }")
    field.set_input_files(file)


def saved(tab: Any, kind: str, folder: Path) -> bytes:
    with tab.expect_download() as download:
        tab.get_by_text(f"Download as {kind}").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return Path(path).read_bytes()


def test_notes_are_shown_and_downloaded(tab: Any, tune: Path, tmp_path: Path) -> None:
    choose(tab, tune)
    sync_api.expect(tab.get_by_text("9 notes from G3 to C5")).to_be_visible(timeout=30_000)
    cells = tab.locator(".names").all_text_contents()
    assert " ".join(cells) == "C4 E4 G4 C5 G4 E4 C4 G3 C4"
    found = json.loads(saved(tab, "JSON", tmp_path))
    assert [note["midi"] for note in found["notes"]] == MIDIS
    assert found["file"] == "tune.wav"
    head, first, *_ = saved(tab, "CSV", tmp_path).decode().splitlines()
    assert (head.split(",")[-1], first.split(",")[-1]) == ("notes", "C4 E4 G4 C5")
    midi = mido.MidiFile(file=io.BytesIO(saved(tab, "MIDI", tmp_path)))
    started, now = [], 0.0
    for message in midi:
        now += message.time
        if message.type == "note_on":
            started.append((message.note, pytest.approx(now, abs=0.006)))
    assert started == [(note["midi"], note["onset"]) for note in found["notes"]]
    faults = axe.Axe().run(tab)
    assert faults.violations_count == 0, faults.generate_report()


def test_cursor_moves_with_the_playback(tab: Any, tune: Path) -> None:
    tab.get_by_label("Find the notes").uncheck()
    choose(tab, tune)
    tab.get_by_text("What plays when").wait_for(timeout=30_000)
    assert tab.get_by_text("Notes", exact=True).count() == 0
    tab.get_by_label("Find the notes").check()
    choose(tab, tune)
    cursor = tab.locator(".roll .cursor")
    cursor.wait_for(state="attached", timeout=30_000)
    tab.locator("audio").evaluate("player => { player.muted = true; player.play(); }")
    sync_api.expect(cursor).to_have_attribute("style", re.compile(r"left: [1-9]\d?\."))


def test_browser_records_its_microphone(tab: Any) -> None:
    tab.evaluate(
        """() => {
            const send = window.fetch;
            window.fetch = (path, options) => {
                if (options?.body instanceof File) window.sent = options.body;
                return send(path, options);
            };
        }"""
    )
    tab.get_by_role("button", name="Record with this browser").click()
    tab.get_by_text("6 s recorded").wait_for(timeout=20_000)
    tab.get_by_role("button", name="Stop and analyse").click()
    done = tab.get_by_role("status").filter(has_text="s analysed.")
    sync_api.expect(done).to_be_visible(timeout=30_000)
    sync_api.expect(tab.get_by_role("button", name="Record with this browser")).to_be_enabled()
    notes = " ".join(tab.locator(".names").all_text_contents())
    assert "C4 E4 G4" in notes
    head = tab.evaluate(
        "async () => [...new Uint8Array(await window.sent.slice(0, 44).arrayBuffer())]"
    )
    size = tab.evaluate("window.sent.size")
    with wave.open(io.BytesIO(bytes(head))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert sound.getnframes() * 2 + 44 == size
        assert 5.0 <= sound.getnframes() / sound.getframerate() < 12.0


def test_refused_microphone_is_explained(browser: Any, page: Page) -> None:
    with opened(browser, f"http://127.0.0.1:{page.port}/", "hear", locale="de-DE") as tab:
        tab.evaluate(
            "() => { navigator.mediaDevices.getUserMedia = () =>"
            " Promise.reject(new DOMException('', 'NotAllowedError')); }"
        )
        tab.get_by_role("button", name="Mit diesem Browser aufnehmen").click()
        fault = tab.get_by_role("alert").filter(has_text="durfte das Mikrofon nicht benutzen")
        sync_api.expect(fault).to_be_visible()


def test_address_without_https_cannot_record_but_says_why(browser: Any, tmp_path: Path) -> None:
    from tests.daemon.web.page.test_access import PASSWORD, password_file

    web = {"bind": "0.0.0.0", "hosts": ["music.test"]}  # noqa: S104
    with served(free_port(), password_file=password_file(tmp_path), **web) as page:
        context = browser.new_context()
        context.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
        tab = context.new_page()
        tab.goto(f"http://127.0.0.1:{page.port}/login")
        tab.get_by_label("Password").fill(PASSWORD)
        tab.keyboard.press("Enter")
        tab.get_by_role("link", name="Hear a file").click()
        sync_api.expect(tab.get_by_text("only to pages at an HTTPS address")).to_be_visible()
        assert tab.get_by_role("button", name="Record with this browser").count() == 0
        context.close()


def test_second_upload_and_broken_file_are_explained(
    browser: Any, page: Page, tmp_path: Path
) -> None:
    long = tmp_path / "long.flac"
    soundfile.write(long, np.tile(TUNE, 120), 16_000)
    waiting = tmp_path / "second.flac"
    soundfile.write(waiting, np.random.default_rng(1).uniform(-0.1, 0.1, 3_000_000), 16_000)
    home = f"http://127.0.0.1:{page.port}/"
    options = {"expected": "status of 4", "locale": "en-US"}
    with opened(browser, home, "hear", **options) as first:
        choose(first, long)
        first.get_by_text("analysed …").wait_for(timeout=20_000)
        with opened(browser, home, "hear", **options) as second:
            choose(second, waiting)
            fault = second.get_by_role("alert").filter(has_text="Another recording is being")
            sync_api.expect(fault).to_be_visible(timeout=20_000)
        assert first.locator("progress").evaluate("bar => bar.value / bar.max") > 0
        (tmp_path / "broken.wav").write_bytes(BROKEN)
        # Another choice ends the analysis.
        choose(first, tmp_path / "broken.wav")
        fault = first.get_by_role("alert").filter(has_text="cannot be read as audio")
        sync_api.expect(fault).to_be_visible(timeout=20_000)
    assert not any(thread.name == "hear" for thread in threading.enumerate())


def test_three_hours_are_refused_before_they_are_sent(tab: Any, tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "long.flac", "w", 8_000, 1) as long:
        for _ in range(180):
            long.write(np.zeros(60 * 8_000, np.int16))
    choose(tab, tmp_path / "long.flac")
    fault = tab.get_by_role("alert").filter(has_text="longer than 60 minutes")
    sync_api.expect(fault).to_be_visible(timeout=10_000)
    sync_api.expect(tab.locator("progress")).to_be_hidden()
