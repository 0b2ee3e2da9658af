"""The life of a source: opened, lost, opened again; with a device and a clock by hand."""

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


class Hand:
    """A device whose openings are answered by hand."""

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
def hand() -> Hand:
    return Hand()


@pytest.fixture
def source(clock: Clock, hand: Hand) -> Source:
    assert clock.now
    return Source(hand, Listening(1.0, STALL_SECONDS))


def sound(ring: Ring, seconds: float, clock: Clock) -> None:
    """So much sound, which takes as long to come."""
    clock.now += seconds
    ring.write(buzz(seconds)[:, None])


def lost_reason(source: Source) -> str:
    with pytest.raises(SoundLostError) as caught:
        source.poll()
    return str(caught.value)


def hearing(source: Source, hand: Hand, clock: Clock) -> Ring:
    """Have it opened and sounding; its ring."""
    source.poll()
    ring = hand.give()
    source.poll()
    sound(ring, 4.0, clock)
    assert source.poll() is not None
    return ring


def test_it_is_opened_once_and_gives_windows(source: Source, hand: Hand, clock: Clock) -> None:
    for _ in range(3):
        assert source.poll() is None
    assert len(hand.openings) == 1
    ring = hand.give()
    assert source.has_news
    assert source.poll() is None
    assert not source.sounds
    sound(ring, 4.5, clock)
    window = source.poll()
    assert window is not None
    assert window.ended_at == 4.0
    assert [source.sounds, source.counters.windows, source.counters.lost_seconds] == [True, 1, 0.0]


def test_sound_is_known_before_the_first_window(source: Source, hand: Hand, clock: Clock) -> None:
    source.poll()
    ring = hand.give()
    source.poll()
    sound(ring, 0.3, clock)
    assert source.has_news
    assert source.poll() is None
    assert source.sounds


def test_what_cannot_be_opened_is_tried_with_growing_pauses_for_ever(
    source: Source, hand: Hand, clock: Clock
) -> None:
    pauses = []
    for _ in range(40):
        source.poll()
        hand.refuse("it is not there")
        assert lost_reason(source) == "it is not there"
        pauses.append(source.due - clock.now)
        source.poll()
        clock.now = source.due
    assert len(hand.openings) == 40
    for pause, longest in zip(pauses, [0.5, 1.0, 2.0, *[3.0] * 37], strict=True):
        assert 0.7 * longest - 1e-6 <= pause <= longest
    assert len(set(pauses[4:])) > 10


def test_the_longest_pause_is_the_devices_own(hand: Hand, clock: Clock) -> None:
    source = Source(hand, Listening(1.0, STALL_SECONDS, longest_pause_seconds=15.0))
    for _ in range(10):
        source.poll()
        hand.refuse("it is not there")
        lost_reason(source)
        pause_seconds = source.due - clock.now
        clock.now = source.due
    assert 0.7 * 15.0 <= pause_seconds <= 15.0 + 1e-6


def test_a_device_that_is_gone_is_let_go_and_opened_again(
    source: Source, hand: Hand, clock: Clock
) -> None:
    ring = hearing(source, hand, clock)
    sound(ring, 0.5, clock)
    ring.lose("it is gone")
    assert lost_reason(source) == "it is gone"
    assert hand.closed == [ring]
    assert source.sounded_seconds == 4.5
    assert source.sounded_until == clock.now
    clock.now += 7.0
    source.poll()
    again = hand.give()
    source.poll()
    assert source.counters.lost_seconds == 7.0
    sound(again, 0.5, clock)
    source.poll()
    assert source.sounds
    assert [source.counters.lost_seconds, source.counters.reopens] == [7.5, 1]
    clock.now += 100.0
    assert source.counters.lost_seconds == 7.5


def test_a_device_that_is_silent_for_too_long_is_lost(
    source: Source, hand: Hand, clock: Clock
) -> None:
    hearing(source, hand, clock)
    heard_at = clock.now
    clock.now += STALL_SECONDS - 0.1
    assert source.poll() is None
    clock.now += 0.2
    assert lost_reason(source) == "no sound from the device for 5 s"
    assert source.sounded_until == heard_at
    assert source.counters.lost_seconds == pytest.approx(5.1)


def test_a_sound_system_that_hangs_is_told_once_and_waited_for(
    source: Source, hand: Hand, clock: Clock
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
    assert len(hand.openings) == 1
    ring = hand.give()
    source.poll()
    sound(ring, 0.5, clock)
    source.poll()
    assert source.unanswered_seconds == 0.0
    assert source.counters.lost_seconds == 35.5


def test_mute_closes_the_device_and_what_is_not_wanted_is_not_lost(
    source: Source, hand: Hand, clock: Clock
) -> None:
    ring = hearing(source, hand, clock)
    source.mute(muted=True)
    assert hand.closed == [ring]
    clock.now += 3600.0
    assert source.poll() is None
    assert source.due == math.inf
    assert len(hand.openings) == 1
    source.mute(muted=False)
    assert source.due <= clock.now
    hearing(source, hand, clock)
    assert [source.counters.lost_seconds, source.counters.reopens] == [0.0, 0]


def test_mute_while_deaf_counts_what_was_lost_until_then(
    source: Source, hand: Hand, clock: Clock
) -> None:
    hearing(source, hand, clock).lose("gone")
    lost_reason(source)
    clock.now += 10.0
    source.mute(muted=True)
    clock.now += 10.0
    assert source.counters.lost_seconds == 10.0


def test_an_opening_that_is_answered_after_the_mute_is_closed_at_once(
    source: Source, hand: Hand, clock: Clock
) -> None:
    source.poll()
    source.mute(muted=True)
    clock.now += 60.0
    assert source.poll() is None
    assert source.unanswered_seconds == 0.0
    ring = hand.give()
    assert source.has_news
    source.poll()
    assert hand.closed == [ring]
    assert not source.has_news


def test_device_that_is_opened_after_the_source_is_closed_is_closed(
    source: Source, hand: Hand
) -> None:
    source.poll()
    source.close()
    assert not source.has_news
    # Nobody polls any more.
    ring = hand.give()
    assert hand.closed == [ring]


def test_closed_source_whose_opening_fails_closes_nothing(source: Source, hand: Hand) -> None:
    source.poll()
    source.close()
    hand.refuse("it is busy")
    assert hand.closed == []


def test_mute_cancels_an_opening_that_can_be_cancelled(
    source: Source, hand: Hand, clock: Clock
) -> None:
    hand.can_cancel = True
    source.poll()
    source.mute(muted=True)
    assert hand.openings[0].cancelled()
    assert source.poll() is None
    assert source.due == math.inf
    source.mute(muted=False)
    hearing(source, hand, clock)
    assert len(hand.openings) == 2


def test_an_opening_that_fails_after_the_mute_is_no_loss(source: Source, hand: Hand) -> None:
    source.poll()
    source.mute(muted=True)
    hand.refuse("it is busy")
    assert source.poll() is None


def test_a_hang_that_outlasts_a_mute_is_told_again(
    source: Source, hand: Hand, clock: Clock
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
    assert len(hand.openings) == 1


def test_what_a_ring_counts_is_kept_when_it_is_gone(
    source: Source, hand: Hand, clock: Clock
) -> None:
    ring = hearing(source, hand, clock)
    sound(ring, 10.0, clock)
    source.poll()
    assert (source.counters.windows, source.counters.late_windows) == (2, 9)
    assert (source.counters.lost_seconds, source.counters.overflows) == (2.0, 1)
    source.close()
    assert (source.counters.lost_seconds, source.counters.overflows) == (2.0, 1)
    assert hand.closed == [ring]


def test_counters_read_earlier_do_not_change(source: Source, hand: Hand, clock: Clock) -> None:
    before = source.counters
    sound(hearing(source, hand, clock), 10.0, clock)
    source.poll()
    assert before == Counters()
    assert source.counters == Counters(windows=2, late_windows=9, lost_seconds=2.0, overflows=1)


def test_what_can_never_work_is_passed_on(source: Source, hand: Hand) -> None:
    source.poll()
    hand.openings[-1].set_exception(InputError("the PortAudio library is missing"))
    with pytest.raises(InputError, match="library is missing"):
        source.poll()
