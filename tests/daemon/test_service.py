"""The keeping-on of `timbrel run`, with rings in place of a microphone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from daemon.commands.run import Service
from daemon.commands.wiring import Ears, node_of
from daemon.home_assistant import Message
from daemon.hub import Hub
from daemon.outbox import Outbox
from daemon.ring import Ring
from daemon.settings import AudioSettings, Settings
from daemon.stop import Stop

SETTINGS = Settings(audio=AudioSettings(stall_seconds=1.0))


def told(sent: list[Message], leaf: str) -> list[Any]:
    return [json.loads(m.payload) for m in sent if m.topic.endswith(f"/{leaf}")]


def listen(rings: list[Ring]) -> list[Message]:
    """Give the service one ring after the other, then ask it to stop; what the hub was told."""
    ears, stop = Ears(SETTINGS), Stop()
    left = list(rings)

    @contextmanager
    def next_ring(_device: str | int) -> Iterator[Ring]:
        ring = left.pop(0)
        if not left:
            stop.set()
        yield ring

    sent: list[Message] = []
    hub = Hub(node_of(SETTINGS, ears, "room"), sent.append, Outbox(), lambda _: 1.0e9)
    Service(SETTINGS, ears, open_source=next_ring).listen_until(stop, hub)
    return sent


def dead(reason: str) -> Ring:
    ring = Ring(16_000, 1)
    ring.lose(reason)
    return ring


def test_a_device_that_opens_and_dies_at_once_is_told_as_deaf_once_and_stays_so() -> None:
    sent = listen([dead("it is gone"), dead("it is gone"), dead("it is gone")])
    assert [h["hearing"] for h in told(sent, "hearing")] == ["deaf"]
    assert [s["playing"] for s in told(sent, "state")] == [None]


def test_a_new_reason_is_told() -> None:
    sent = listen([dead("it is gone"), dead("it is busy"), dead("it is busy")])
    assert [h["reason"] for h in told(sent, "hearing")] == ["it is gone", "it is busy"]


def test_hearing_is_told_with_the_first_window_and_deafness_with_the_last() -> None:
    sounding = Ring(16_000, 1)
    sounding.write(np.full((5 * 16_000, 1), 0.1, np.float32))
    sent = listen([sounding, dead("it is gone")])
    assert [h["hearing"] for h in told(sent, "hearing")] == ["hearing", "deaf"]
    assert "no sound from the device" in told(sent, "hearing")[1]["reason"]
    assert [s["playing"] for s in told(sent, "state")] == [False, None]
