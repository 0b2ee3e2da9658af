"""A place under a loop: its messages while sound starts, is lost and is muted."""

import functools
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from daemon.configuration.settings import TrackerSettings
from daemon.counters import Counters
from daemon.errors import FailedError, SoundLostError
from daemon.hearing.rules import rules
from daemon.hearing.scorer import Heard, Scorer
from daemon.hearing.tracker import Tracker
from daemon.hub.messages import Message, Node
from daemon.hub.reporter import Reporter
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime import listener as listener_module
from daemon.runtime.listener import Listener
from daemon.runtime.place import Place
from daemon.runtime.wakeup import Wakeup
from daemon.sound.ring import Ring
from daemon.sound.source import Listening, Source
from daemon.sound.window import Window
from daemon.system.stop import Stop
from tests.daemon.conftest import buzz
from tests.daemon.observations import due_patches

FAMILIES = ("flute", "organ")
RULES = rules(TrackerSettings(patience="quick", stop_after_seconds=6.0), FAMILIES, (0.5, 0.5), 1.0)
NODE = Node("box", "room", FAMILIES, "tiny 1", "0.1.0")


class Flute(Scorer):
    """A scorer for which every sound above a fixed level is a flute."""

    def __init__(self) -> None:
        """Without a classifier."""
        self.gate_dbfs: float | None = -60.0
        self.openings = 0

    def forget(self) -> None:
        self.openings += 1

    def hear(self, window: Window) -> Heard:
        loud = float(np.abs(window.samples[-16_000:]).max()) > 0.05
        scores = np.array([0.9 * loud, 0.0], np.float32)
        patches = due_patches(window.ended_at, scores, first=window.start_sample == 0)
        return Heard(window.ended_at, -20.0, scores, patches)


class Script:
    """A device with scripted openings: a ring, or the reason of a failure."""

    def __init__(self) -> None:
        self.wakeup = Wakeup()
        self.openings: list[Ring | str] = []
        self.opened = 0
        self.closed: list[Ring] = []

    def ring(self, channels: int = 1) -> Ring:
        ring = Ring(16_000, channels, self.wakeup.changed)
        self.openings.append(ring)
        return ring

    def open(self) -> Future[Ring]:
        future: Future[Ring] = Future()
        future.set_running_or_notify_cancel()
        if self.opened < len(self.openings):
            opening = self.openings[self.opened]
            if isinstance(opening, str):
                future.set_exception(SoundLostError(opening))
            else:
                future.set_result(opening)
        self.opened += 1
        return future

    def close(self, ring: Ring) -> Future[None]:
        self.closed.append(ring)
        return Future()


class Room:
    """One place on a scripted device, turned by hand, and all its messages."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.device = Script()
        self.outbox = Outbox()
        self.hub = Reporter(NODE, self.sent.append, self.outbox, lambda _: time.time())
        self.source = Source(self.device, Listening(1.0, 60.0))
        tracker = Tracker(FAMILIES, RULES, 1.0)
        self.hearing = Flute()
        self.place = Place(
            "room",
            self.source,
            self.hearing,
            tracker,
            [self.hub],
            reporter=self.hub,
            wakeup=self.device.wakeup,
        )

    def bodies(self, leaf: str) -> list[Any]:
        return [json.loads(m.payload) for m in self.sent if m.topic == f"timbrel/room/{leaf}"]

    def events(self) -> list[Any]:
        return [json.loads(taken.message.payload) for taken in self.outbox.take(100)]

    def turn(self) -> None:
        """Take a turn; the pause after a failure is skipped."""
        self.source._try_at = 0.0
        self.place.turn()

    def play(self, ring: Ring, seconds: int, level: float = 0.1) -> None:
        for _ in range(seconds):
            ring.write(buzz(1.0, level)[:, None])
            self.turn()

    def hear(self) -> Ring:
        ring = self.device.ring()
        self.turn()
        self.turn()
        self.play(ring, 8)
        return ring


@pytest.fixture
def room() -> Room:
    return Room()


def test_publishes_hearing_with_the_first_sound_and_state_with_the_first_window(
    room: Room,
) -> None:
    ring = room.device.ring()
    room.turn()
    room.turn()
    settled = [room.place.is_settled]
    assert room.sent == []
    room.play(ring, 1, 0.01)
    assert [h["hearing"] for h in room.bodies("hearing")] == ["hearing"]
    assert room.bodies("state") == []
    settled.append(room.place.is_settled)
    room.play(ring, 3, 0.01)
    assert [s["playing"] for s in room.bodies("state")] == [False]
    assert [*settled, room.place.is_settled] == [False, False, True]
    assert room.place.counters.windows == 1


def test_publishes_repeated_failures_once(room: Room) -> None:
    room.device.openings = ["it is gone"] * 5
    for _ in range(12):
        room.turn()
    assert [(h["hearing"], h["reason"]) for h in room.bodies("hearing")] == [("deaf", "it is gone")]
    assert [s["playing"] for s in room.bodies("state")] == [None]
    assert room.place.is_settled


def test_publishes_a_new_reason(room: Room) -> None:
    room.device.openings = ["it is gone", "it is busy", "it is busy"]
    for _ in range(8):
        room.turn()
    assert [h["reason"] for h in room.bodies("hearing")] == ["it is gone", "it is busy"]


def test_lost_sound_ends_events_at_the_last_sound(room: Room) -> None:
    ring = room.hear()
    ring.write(buzz(0.5)[:, None])
    ring.lose("unplugged")
    room.turn()
    started, ended = room.events()
    assert (started["event_type"], ended["event_type"]) == ("started", "ended")
    assert ended["reason"] == "deaf"
    assert ended["duration_seconds"] == pytest.approx(8.48)
    assert [s["playing"] for s in room.bodies("state")] == [True, None]
    assert room.bodies("hearing")[-1]["reason"] == "unplugged"
    assert room.device.closed == [ring]


def test_returning_sound_starts_new_events(room: Room) -> None:
    room.hear().lose("unplugged")
    room.turn()
    room.hear()
    assert [h["hearing"] for h in room.bodies("hearing")] == ["hearing", "deaf", "hearing"]
    assert [e["event_type"] for e in room.events()] == ["started", "ended", "started"]
    assert room.hearing.openings == 2
    assert room.place.counters.reopens == 1


def test_mute_ends_events_and_closes_the_device(room: Room) -> None:
    ring = room.hear()
    news = [room.place.has_news]
    room.place.mute(muted=True)
    news.append(room.place.has_news)
    room.turn()
    assert [*news, room.place.has_news] == [False, True, False]
    assert room.device.closed == [ring]
    assert room.events()[-1]["reason"] == "muted"
    hearing = room.bodies("hearing")[-1]
    assert (hearing["hearing"], hearing["reason"]) == ("muted", None)
    assert room.bodies("state")[-1]["playing"] is None
    for _ in range(5):
        room.turn()
    assert room.device.opened == 1
    room.place.mute(muted=False)
    room.hear()
    assert room.device.opened == 2
    assert room.bodies("hearing")[-1]["hearing"] == "hearing"
    assert room.place.counters.lost_seconds == 0.0


def test_restart_ends_events_and_reopens_the_device(room: Room) -> None:
    ring = room.hear()
    room.place.restart()
    assert room.device.closed == [ring]
    assert room.events()[-1]["reason"] == "stopped"
    assert room.bodies("state")[-1]["playing"] is False
    room.hear()
    assert room.device.opened == 2
    assert [body["hearing"] for body in room.bodies("hearing")] == ["hearing", "hearing"]
    assert room.place.counters.lost_seconds == 0.0


def test_mute_wakes_the_loop_only_for_a_change(room: Room) -> None:
    wakes: list[bool] = []
    setattr(room.device.wakeup, "wake", lambda: wakes.append(True))  # noqa: B010 (for mypy)
    for muted in (False, True, True, False):
        room.place.mute(muted)
    assert len(wakes) == 2


def test_restart_does_not_open_a_muted_device(room: Room) -> None:
    room.place.mute(muted=True)
    room.turn()
    room.place.restart()
    room.turn()
    assert room.device.opened == 0


def test_device_muted_from_the_start_is_never_opened(room: Room) -> None:
    room.place.mute(muted=True)
    for _ in range(3):
        room.turn()
    assert room.device.opened == 0
    assert [h["hearing"] for h in room.bodies("hearing")] == ["muted"]
    assert room.place.is_settled


def test_retune_does_not_end_events(room: Room) -> None:
    ring = room.hear()
    strict = rules(TrackerSettings(threshold=0.99), FAMILIES, (0.5, 0.5), 1.0)
    room.place.retune(strict, -30.0)
    assert room.hearing.gate_dbfs == -30.0
    room.play(ring, 10)
    room.play(ring, 8, 0.001)
    room.play(ring, 20)
    started, ended = room.events()
    assert ended["event_id"] == started["event_id"]
    assert ended["duration_seconds"] > 15.0


def test_end_ends_events_and_closes_the_device(room: Room) -> None:
    ring = room.hear()
    room.place.end()
    assert room.events()[-1]["reason"] == "stopped"
    assert room.bodies("state")[-1]["playing"] is False
    assert [h["hearing"] for h in room.bodies("hearing")] == ["hearing"]
    assert room.device.closed == [ring]


def test_end_of_a_deaf_place_publishes_nothing(room: Room) -> None:
    room.hear().lose("unplugged")
    room.turn()
    before = len(room.sent)
    room.place.end()
    assert room.sent[before:] == []


def test_logs_one_line_per_change_and_none_per_window(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ring = room.hear()
    room.play(ring, 50)
    ring.lose("unplugged")
    room.turn()
    room.hear()
    room.place.mute(muted=True)
    room.turn()
    assert [record.message for record in caplog.records] == [
        "room: hearing",
        "room: flute started, score 0.90",
        "room: flute ended after 58 s",
        "room: deaf: unplugged; retrying until sound returns",
        "room: hearing again",
        "room: flute started, score 0.90",
        "room: flute ended after 8 s",
        "room: muted",
    ]


def test_publishes_changed_diagnostics_once_a_minute(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    room.place.publish_diagnostics(Counters())
    assert room.bodies("diagnostics") == []
    room.hear()
    for now in range(1000, 1300):
        counters = Counters(windows=now, reopens=now >= 1130, inference_ms=1.234)
        room.place.publish_diagnostics(counters)
    assert [(t["windows"], t["reopens"]) for t in room.bodies("diagnostics")] == [
        (1000, 0),
        (1130, 1),
    ]
    assert room.bodies("diagnostics")[0].keys() == {
        "windows", "late_windows", "lost_seconds", "overflows", "reopens", "reconnects", "queued",
        "dropped", "refused", "refusing", "inference_ms", "practice_ms", "model", "started",
    }  # fmt: skip


def test_counters_are_those_of_the_source_with_the_inference_time(room: Room) -> None:
    room.hear()
    counters = room.place.counters
    assert counters.inference_ms > 0
    assert replace(counters, inference_ms=0.0) == room.source.counters == Counters(windows=5)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket of a service manager, which gets all notifications."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        yield manager


def listening(
    room: Room, do: Callable[[Listener], None], *chores: Callable[[], None]
) -> BaseException | None:
    """Run the loop while another thread calls `do`, then stop it; return the error it raised."""
    stop = Stop()
    listener = Listener([room.place], room.device.wakeup, chores)
    failure: list[BaseException] = []

    def work() -> None:
        try:
            do(listener)
        except BaseException as error:  # noqa: BLE001 (raised again below)
            failure.append(error)
        stop.set()

    thread = threading.Thread(target=work)
    thread.start()
    raised: BaseException | None = None
    try:
        listener.listen_until(stop)
    except FailedError as error:
        raised = error
    thread.join()
    if failure:
        raise failure[0]
    return raised


def until(is_so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_loop_listens_until_stopped_and_ends_events(room: Room) -> None:
    ring = room.device.ring()

    def has_heard(windows: int) -> bool:
        return room.place.counters.windows >= windows

    def play(_listener: Listener) -> None:
        for second in range(9):
            ring.write(buzz(1.0)[:, None])
            until(functools.partial(has_heard, second - 2))

    assert listening(room, play) is None
    assert [e.get("reason") for e in room.events()] == [None, "stopped"]
    assert room.device.closed == [ring]


def test_feeds_the_watchdog_once_per_turn_after_the_chores(
    room: Room, manager: socket.socket
) -> None:
    turns: list[int] = []
    fed = []

    def play(_listener: Listener) -> None:
        for _ in range(3):
            room.device.wakeup.wake()
            assert manager.recv(4096) == b"WATCHDOG=1"
            fed.append(len(turns))

    room.place.mute(muted=True)
    listening(room, play, lambda: turns.append(1))
    assert fed[0] >= 1
    assert fed == sorted(fed)


def test_feeds_the_watchdog_at_half_its_interval_while_muted(
    room: Room, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    room.place.mute(muted=True)
    began = time.monotonic()

    def watch(_listener: Listener) -> None:
        for _ in range(6):
            manager.recv(4096)

    listening(room, watch)
    assert 0.5 < time.monotonic() - began < 5.0


def test_mute_from_another_thread_acts_at_once(room: Room) -> None:
    ring = room.device.ring()

    def mute(_listener: Listener) -> None:
        until(lambda: room.device.opened)
        room.place.mute(muted=True)
        until(lambda: room.device.closed == [ring])

    listening(room, mute)


def test_loop_fails_if_the_sound_system_hangs_too_long(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "_PATIENCE_SECONDS", 0.3)
    room.source._listening = Listening(1.0, 0.1)
    raised = listening(room, lambda _: time.sleep(1.5))
    assert isinstance(raised, FailedError)
    assert "has not answered" in str(raised)
    assert room.bodies("hearing")[-1]["reason"] == "the device does not answer"


def test_loop_waits_longer_for_a_hang_while_another_place_has_sound(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "_PATIENCE_SECONDS", 0.2)
    other = Room()
    other.hear()
    stop = Stop()
    threading.Timer(1.0, stop.set).start()
    Listener([room.place, other.place], room.device.wakeup).listen_until(stop)
    assert other.events()[-1]["reason"] == "stopped"


def test_warns_once_of_channels_in_opposite_phase(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        ring = room.device.ring(channels=2)
        room.turn()
        room.turn()
        for _ in range(8):
            left = buzz(1.0)
            ring.write(np.stack([left, -left], axis=1))
            room.turn()
        ring.lose("unplugged")
        room.turn()
    warnings = [r.message for r in caplog.records if "opposite phase" in r.message]
    (line,) = warnings
    assert line == (
        "room: the channels of its microphone are in opposite phase and cancel each other "
        "when they are mixed; set channel: 1 for it"
    )


def test_does_not_warn_of_ordinary_stereo(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    ring = room.device.ring(channels=2)
    room.turn()
    room.turn()
    for _ in range(8):
        ring.write(np.stack([buzz(1.0), np.roll(buzz(1.0), 1)], axis=1))
        room.turn()
    assert "opposite phase" not in caplog.text
