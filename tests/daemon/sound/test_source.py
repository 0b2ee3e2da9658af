"""A source that opens, loses and reopens its device, with a device and a clock moved by hand."""

import math
import threading
import time
from concurrent.futures import Future

import pytest

from daemon.counters import Counters
from daemon.errors import InputError, SoundLostError
from daemon.sound.ring import Ring
from daemon.sound.source import Listening, Source
from tests.daemon.conftest import buzz

STALL_SECONDS = 5.0


class Clock:
    """time.monotonic(), moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class ManualDevice:
    """A device whose openings the test completes."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.openings: list[Future[Ring]] = []
        self.closed: list[Ring] = []
        self.can_cancel = False

    def open(self) -> Future[Ring]:
        opening: Future[Ring] = Future()
        if not self.can_cancel:
            opening.set_running_or_notify_cancel()
        self.openings.append(opening)
        return opening

    def close(self, ring: Ring) -> Future[None]:
        self.closed.append(ring)
        return Future()

    def give(self) -> Ring:
        ring = Ring(16_000, 1, self.changed)
        self.openings[-1].set_result(ring)
        return ring

    def refuse(self, reason: str) -> None:
        self.openings[-1].set_exception(SoundLostError(reason))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture
def device() -> ManualDevice:
    return ManualDevice()


@pytest.fixture
def source(clock: Clock, device: ManualDevice) -> Source:
    assert clock.now
    return Source(device, Listening(1.0, STALL_SECONDS))


def sound(ring: Ring, seconds: float, clock: Clock) -> None:
    """Write sound and move the clock by its length."""
    clock.now += seconds
    ring.write(buzz(seconds)[:, None])


def lost_reason(source: Source) -> str:
    with pytest.raises(SoundLostError) as caught:
        source.poll()
    return str(caught.value)


def hearing(source: Source, device: ManualDevice, clock: Clock) -> Ring:
    """Open the source and let it sound; return its ring."""
    source.poll()
    ring = device.give()
    source.poll()
    sound(ring, 4.0, clock)
    assert source.poll() is not None
    return ring


def test_opens_once_and_returns_windows(source: Source, device: ManualDevice, clock: Clock) -> None:
    for _ in range(3):
        assert source.poll() is None
    assert len(device.openings) == 1
    ring = device.give()
    assert source.has_news
    assert source.poll() is None
    assert not source.sounds
    sound(ring, 4.5, clock)
    window = source.poll()
    assert window is not None
    assert window.ended_at == 4.0
    assert [source.sounds, source.counters.windows, source.counters.lost_seconds] == [True, 1, 0.0]


def test_sound_is_reported_before_the_first_window(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    source.poll()
    ring = device.give()
    source.poll()
    sound(ring, 0.3, clock)
    assert source.has_news
    assert source.poll() is None
    assert source.sounds


def test_retries_a_failed_opening_with_growing_pauses(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    pauses = []
    for _ in range(40):
        source.poll()
        device.refuse("it is not there")
        assert lost_reason(source) == "it is not there"
        pauses.append(source.due - clock.now)
        source.poll()
        clock.now = source.due
    assert len(device.openings) == 40
    for pause, longest in zip(pauses, [0.5, 1.0, 2.0, *[3.0] * 37], strict=True):
        assert 0.7 * longest - 1e-6 <= pause <= longest
    assert len(set(pauses[4:])) > 10


def test_longest_pause_is_configurable(device: ManualDevice, clock: Clock) -> None:
    source = Source(device, Listening(1.0, STALL_SECONDS, longest_pause_seconds=15.0))
    for _ in range(10):
        source.poll()
        device.refuse("it is not there")
        lost_reason(source)
        pause_seconds = source.due - clock.now
        clock.now = source.due
    assert 0.7 * 15.0 <= pause_seconds <= 15.0 + 1e-6


def test_closes_and_reopens_a_lost_device(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    ring = hearing(source, device, clock)
    sound(ring, 0.5, clock)
    ring.lose("it is gone")
    assert lost_reason(source) == "it is gone"
    assert device.closed == [ring]
    assert source.sounded_seconds == 4.5
    assert source.sounded_until == clock.now
    clock.now += 7.0
    source.poll()
    again = device.give()
    source.poll()
    assert source.counters.lost_seconds == 7.0
    sound(again, 0.5, clock)
    source.poll()
    assert source.sounds
    assert [source.counters.lost_seconds, source.counters.reopens] == [7.5, 1]
    clock.now += 100.0
    assert source.counters.lost_seconds == 7.5


def test_device_without_blocks_is_lost(source: Source, device: ManualDevice, clock: Clock) -> None:
    hearing(source, device, clock)
    heard_at = clock.now
    clock.now += STALL_SECONDS - 0.1
    assert source.poll() is None
    clock.now += 0.2
    assert lost_reason(source) == "no sound from the device for 5 s"
    assert source.sounded_until == heard_at
    assert source.counters.lost_seconds == pytest.approx(5.1)


def test_reports_a_hanging_sound_system_once_and_waits_for_it(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    source.poll()
    assert source.due == clock.now + STALL_SECONDS
    clock.now += STALL_SECONDS
    assert lost_reason(source) == "the device does not answer"
    for _ in range(3):
        clock.now += 10.0
        assert source.poll() is None
    assert source.due == math.inf
    assert source.unanswered_seconds == 35.0
    assert len(device.openings) == 1
    ring = device.give()
    source.poll()
    sound(ring, 0.5, clock)
    source.poll()
    assert source.unanswered_seconds == 0.0
    assert source.counters.lost_seconds == 35.5


def test_mute_closes_the_device_and_counts_no_loss(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    ring = hearing(source, device, clock)
    source.mute(muted=True)
    assert device.closed == [ring]
    clock.now += 3600.0
    assert source.poll() is None
    assert source.due == math.inf
    assert len(device.openings) == 1
    source.mute(muted=False)
    assert source.due <= clock.now
    hearing(source, device, clock)
    assert [source.counters.lost_seconds, source.counters.reopens] == [0.0, 0]


def test_mute_while_deaf_keeps_the_loss_until_then(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    hearing(source, device, clock).lose("gone")
    lost_reason(source)
    clock.now += 10.0
    source.mute(muted=True)
    clock.now += 10.0
    assert source.counters.lost_seconds == 10.0


def test_device_opened_after_mute_is_closed_at_once(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    source.poll()
    source.mute(muted=True)
    clock.now += 60.0
    assert source.poll() is None
    assert source.unanswered_seconds == 0.0
    ring = device.give()
    assert source.has_news
    source.poll()
    assert device.closed == [ring]
    assert not source.has_news


def test_device_opened_after_close_is_closed(source: Source, device: ManualDevice) -> None:
    source.poll()
    source.close()
    assert not source.has_news
    # The source is no longer polled.
    ring = device.give()
    assert device.closed == [ring]


def test_failed_opening_after_close_closes_nothing(source: Source, device: ManualDevice) -> None:
    source.poll()
    source.close()
    device.refuse("it is busy")
    assert device.closed == []


def test_mute_cancels_a_pending_opening(source: Source, device: ManualDevice, clock: Clock) -> None:
    device.can_cancel = True
    source.poll()
    source.mute(muted=True)
    assert device.openings[0].cancelled()
    assert source.poll() is None
    assert source.due == math.inf
    source.mute(muted=False)
    hearing(source, device, clock)
    assert len(device.openings) == 2


def test_failed_opening_after_mute_is_no_loss(source: Source, device: ManualDevice) -> None:
    source.poll()
    source.mute(muted=True)
    device.refuse("it is busy")
    assert source.poll() is None


def test_reports_a_hang_again_after_unmute(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    source.poll()
    clock.now += STALL_SECONDS
    lost_reason(source)
    source.mute(muted=True)
    clock.now += 10.0
    source.mute(muted=False)
    assert source.poll() is None
    clock.now += STALL_SECONDS
    assert lost_reason(source) == "the device does not answer"
    assert len(device.openings) == 1


def test_keeps_the_counts_of_a_closed_ring(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    ring = hearing(source, device, clock)
    sound(ring, 10.0, clock)
    source.poll()
    assert (source.counters.windows, source.counters.late_windows) == (2, 9)
    assert (source.counters.lost_seconds, source.counters.overflows) == (2.0, 1)
    source.close()
    assert (source.counters.lost_seconds, source.counters.overflows) == (2.0, 1)
    assert device.closed == [ring]


def test_counters_read_earlier_do_not_change(
    source: Source, device: ManualDevice, clock: Clock
) -> None:
    before = source.counters
    sound(hearing(source, device, clock), 10.0, clock)
    source.poll()
    assert before == Counters()
    assert source.counters == Counters(windows=2, late_windows=9, lost_seconds=2.0, overflows=1)


def test_raises_errors_that_no_retry_can_fix(source: Source, device: ManualDevice) -> None:
    source.poll()
    device.openings[-1].set_exception(InputError("the PortAudio library is missing"))
    with pytest.raises(InputError, match="library is missing"):
        source.poll()
