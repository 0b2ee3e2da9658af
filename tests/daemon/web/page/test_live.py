"""What watchers get: pictures, snapshots after a delay, and nothing that blocks the loop."""

import asyncio
import base64
import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="needs the web extra")

from daemon.hearing.pipeline import Observation
from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.hub.messages import Message
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, Window
from daemon.web.page.live import watchers as watchers_module
from daemon.web.page.live.ear import Ear, Moment
from daemon.web.page.live.spectrogram import LIVE, Spectrogram
from daemon.web.page.live.watchers import MOST_WATCHERS, Watcher, Watchers
from tests.daemon.web.page.parts import Page


def observation(
    end_seconds: float, *events: EventStarted | EventEnded, hz: float = 440.0
) -> Observation:
    end = round(end_seconds * SAMPLE_RATE_HZ)
    times = np.arange(end - WINDOW_SAMPLES, end) / SAMPLE_RATE_HZ
    samples = (0.5 * np.sin(2 * np.pi * hz * times)).astype(np.float32)
    heard = Heard(end_seconds, -9.0, np.array([0.9, 0.1], np.float32))
    playing = [event for event in events if isinstance(event, EventStarted)]
    return Observation(Window(samples, end - WINDOW_SAMPLES), heard, playing, events)


def test_tone_is_brightest_in_its_band() -> None:
    samples = observation(4.0, hz=1_000.0).window.samples
    picture = Spectrogram(LIVE).draw(samples)
    assert picture.shape == (199, LIVE.bands)
    assert picture.dtype == np.uint8
    edges = 1127 * np.log1p(np.array([LIVE.low_hz, LIVE.high_hz, 1_000.0]) / 700)
    band = (edges[2] - edges[0]) / (edges[1] - edges[0]) * (LIVE.bands + 1) - 1
    assert abs(int(picture.mean(axis=0).argmax()) - band) <= 1
    assert Spectrogram(LIVE).draw(np.zeros(16_000, np.float32)).max() == 0


def test_successive_pictures_join_without_gap_or_overlap() -> None:
    moments: list[Moment] = []
    ear = Ear("box", moments.append, lambda: True, Spectrogram(LIVE).margin_samples)
    for number in range(4):
        ear.observe(observation(4.0 + number))
    columns = [len(Spectrogram(LIVE).draw(m.newest)) for m in moments if m.newest is not None]
    assert columns == [199, 50, 50, 50]


def test_without_watchers_and_events_no_sound_is_copied() -> None:
    moments: list[Moment] = []
    ear = Ear("box", moments.append, lambda: False, 0)
    ear.observe(observation(4.0))
    ear.observe(observation(5.0, EventStarted("flute", 2.0, 5.0, 0.9)))
    assert [(m.newest is None, m.window is None) for m in moments] == [(True, True), (True, False)]


def run_live(page: Page, *observations: Observation) -> dict[str, Any]:
    """Return the snapshot of a page after it has taken these observations in."""

    async def snapshot() -> dict[str, Any]:
        observer = page.live.observer("box")
        page.live.begin()
        for each in observations:
            observer.observe(each)
            await asyncio.sleep(0)
        return dict(json.loads(page.live.snapshot()))

    return asyncio.run(snapshot())


def test_event_keeps_its_scores_and_picture_and_gets_its_end() -> None:
    started = EventStarted("flute", 2.0, 5.0, 0.8)
    ended = EventEnded("flute", 2.0, 9.0, 0.1, 7.5, 0.95)
    found = run_live(Page(0), observation(5.0, started), observation(9.0, ended))
    (event,) = found["events"]
    assert event["scores"] == {"flute": 0.9, "guitar": 0.1}
    assert (event["score"], event["peak"], event["reason"]) == (0.8, 0.95, None)
    assert event["at"] - event["onset"] == pytest.approx(3.0, abs=0.01)
    assert event["ended"] - event["onset"] == pytest.approx(5.5, abs=0.01)
    assert len(base64.b64decode(event["picture"])) == 100 * 32


def test_only_the_newest_events_are_kept() -> None:
    starts = [observation(5.0 + n, EventStarted("flute", 2.0, 5.0, 0.8)) for n in range(60)]
    events = run_live(Page(0), *starts)["events"]
    assert [event["id"] for event in events] == list(range(11, 61))


def test_lost_sound_ends_the_open_events() -> None:
    page = Page(0)

    async def scenario() -> dict[str, Any]:
        page.live.begin()
        page.live.observer("box").observe(observation(5.0, EventStarted("flute", 2.0, 5.0, 0.8)))
        await asyncio.sleep(0)
        body = b'{"hearing":"deaf","reason":"unplugged","since":""}'
        page.board.post(Message("timbrel/box/hearing", body))
        await asyncio.sleep(0)
        return dict(json.loads(page.live.snapshot()))

    found = asyncio.run(scenario())
    assert found["events"][0]["reason"] == "deaf"
    assert found["changes"][-1]["value"]["reason"] == "unplugged"


def test_first_values_of_settings_are_no_changes() -> None:
    page = Page(0)
    page.board.post(Message("timbrel/box/sensitivity", b"50"))
    page.board.post(Message("timbrel/other/sensitivity", b"10"))
    assert run_live(page)["changes"] == []
    page.board.post(Message("timbrel/box/sensitivity", b"60"))
    found = run_live(page)
    assert [(c["leaf"], c["value"]) for c in found["changes"]] == [("sensitivity", 60)]


def test_slow_watcher_gets_a_snapshot_instead_of_what_it_missed() -> None:
    async def scenario() -> list[bytes]:
        snapshots = iter((b"first", b"second"))
        watcher = Watcher(lambda: next(snapshots))
        messages = watcher.messages()
        got = [await anext(messages)]
        for number in range(101):
            watcher.put(b"%d" % number)
        watcher.put(b"missed")
        got.append(await anext(messages))
        watcher.put(b"new")
        got.append(await anext(messages))
        watcher.close()
        return got + [each async for each in messages]

    first, second, new = asyncio.run(scenario())
    assert (first, second, new) == (b"data: first\n\n", b"data: second\n\n", b"data: new\n\n")


def test_quiet_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchers_module, "_PAUSE_SECONDS", 0.01)

    async def scenario() -> bytes:
        messages = Watcher(lambda: b"hello").messages()
        await anext(messages)
        return await anext(messages)

    assert asyncio.run(scenario()).startswith(b":")


def test_number_of_watchers_is_limited() -> None:
    async def scenario() -> None:
        watchers = Watchers()
        added = [watchers.add(lambda: b"") for _ in range(MOST_WATCHERS)]
        assert watchers.add(lambda: b"") is None
        assert added[0] is not None
        watchers.remove(added[0])
        assert watchers.add(lambda: b"") is not None

    asyncio.run(scenario())
