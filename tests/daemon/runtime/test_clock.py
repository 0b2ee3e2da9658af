"""A jump of the wall clock does not affect events, from the scores to the outbox."""

import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from daemon.configuration.settings import TrackerSettings
from daemon.hearing.pipeline import listen
from daemon.hearing.rules import rules
from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import Tracker
from daemon.hub.messages import Node
from daemon.hub.reporter import Reporter
from daemon.mqtt.outbox.outbox import Outbox
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, Window
from tests.daemon.observations import due_patches

NODE = Node("room", "room", ("flute", "organ"), "tiny 1", "0.1.0")
HOUR = 3600.0
SECONDS = 300


class Scripted(Scorer):
    """Scores of a flute and an organ that take turns, with pauses between."""

    def __init__(self) -> None:
        """Without a classifier."""

    def hear(self, window: Window) -> Heard:
        at = window.ended_at
        playing = [at % 60 < 20, 30 <= at % 60 < 45]
        scores = np.array(playing, np.float32) * np.float32(0.99)
        return Heard(at, -20.0, scores, due_patches(at, scores))


def events_with(jumps: dict[int, float], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the events of sound during which the clock jumps.

    `jumps` are seconds to jump, by second of the sound.
    """
    ahead = 0.0
    began = time.time()
    clock_at = 0.0
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: began + ahead + clock_at)

        def windows() -> Iterator[Window]:
            nonlocal ahead, clock_at
            samples = np.zeros(WINDOW_SAMPLES, np.float32)
            for second in range(SECONDS):
                ahead += jumps.get(second, 0.0)
                clock_at = second + 4.0
                yield Window(samples, second * SAMPLE_RATE_HZ)

        outbox = Outbox()
        hub = Reporter(NODE, lambda _: None, outbox, lambda _: time.time())
        tracker = Tracker(
            NODE.families, rules(TrackerSettings(), NODE.families, (0.5, 0.5), 1.0), 1.0
        )
        hub.sound_started()
        listen(windows(), Scripted(), tracker, [hub])
        taken = outbox.take(1000)
    assert not any(event.late for event in taken)
    return [json.loads(event.message.payload) for event in taken]


@pytest.mark.parametrize(
    "jumps",
    [
        {100: HOUR},
        {100: -HOUR},
        {10: HOUR, 11: -2 * HOUR, 70: HOUR},
        {second: HOUR * (-1) ** second for second in range(SECONDS)},
    ],
)
def test_clock_jump_does_not_affect_events(
    jumps: dict[int, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_wall_times(event: Any) -> Any:
        return {
            key: event[key]
            for key in event
            if key in {"event_type", "family", "peak", "score", "duration_seconds", "reason"}
        }

    steady, jumping = events_with({}, monkeypatch), events_with(jumps, monkeypatch)
    assert len(steady) >= 15
    assert [without_wall_times(e) for e in jumping] == [without_wall_times(e) for e in steady]
    starts = {e["event_id"]: e for e in jumping if e["event_type"] == "started"}
    for ended in (e for e in jumping if e["event_type"] == "ended"):
        assert ended["onset"] == starts[ended["event_id"]]["onset"]
