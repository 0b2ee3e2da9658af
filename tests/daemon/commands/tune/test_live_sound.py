"""The tuner's loop on devices that fail."""

import threading
from concurrent.futures import Future

import numpy as np
import pytest

from daemon.commands.fed_device import FedDevice
from daemon.commands.tune.live_sound import live_pieces
from daemon.commands.tune.tune import _explained
from daemon.errors import FailedError, SoundLostError
from daemon.sound.ring import Ring
from daemon.system.stop import Stop

STALL_SECONDS = 0.3


class RefusedDevice:
    """A device whose opening ends with an error, or never if there is none."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def open(self) -> "Future[Ring]":
        future: Future[Ring] = Future()
        if self._error is not None:
            future.set_exception(self._error)
        return future

    def close(self, _ring: Ring) -> "Future[None]":
        raise AssertionError("nothing was opened")


def pieces_of(device: FedDevice | RefusedDevice, changed: threading.Condition) -> list[np.ndarray]:
    stop = Stop()
    return list(live_pieces(device, changed, stop, channel=None, stall_seconds=STALL_SECONDS))


def fed(block: np.ndarray, ending: str | None = None) -> tuple[FedDevice, threading.Condition]:
    changed = threading.Condition()

    def feed(ring: Ring) -> None:
        ring.write(block.reshape(-1, 1).astype(np.float32))
        if ending is not None:
            ring.lose(ending)

    return FedDevice(feed, changed), changed


def test_yields_all_sound_until_the_device_is_gone() -> None:
    sound = np.random.default_rng(0).normal(0.0, 0.1, 16_000)
    device, changed = fed(sound, ending="the device is gone")
    pieces = live_pieces(device, changed, Stop(), channel=None, stall_seconds=5.0)
    assert np.allclose(next(pieces), sound, atol=1e-6)
    with pytest.raises(SoundLostError, match="the device is gone"):
        next(pieces)


def test_a_device_without_sound_is_lost() -> None:
    device, changed = fed(np.random.default_rng(0).normal(0.0, 0.1, 800))
    with pytest.raises(SoundLostError, match=r"no sound from the device for 0\.3 s"):
        pieces_of(device, changed)


def test_digital_silence_is_a_loss() -> None:
    device, changed = fed(np.zeros(16_000))
    with pytest.raises(SoundLostError, match=r"only digital silence for 0\.3 s"):
        pieces_of(device, changed)


def test_a_device_that_does_not_answer_is_given_up() -> None:
    with pytest.raises(SoundLostError, match="does not answer"):
        pieces_of(RefusedDevice(None), threading.Condition())


def test_stops_on_request_while_the_device_is_opening() -> None:
    stop = Stop()
    stop.set()
    device = RefusedDevice(None)
    pieces = live_pieces(device, threading.Condition(), stop, channel=None, stall_seconds=60.0)
    assert list(pieces) == []


@pytest.mark.parametrize("reason", ["Device unavailable", "Device or resource busy"])
def test_a_device_in_use_names_the_daemons_topic(reason: str) -> None:
    device = RefusedDevice(SoundLostError(f"microphone usb:1:2 cannot be opened: {reason}"))
    with pytest.raises(FailedError) as error, _explained("timbrel/attic"):
        pieces_of(device, threading.Condition())
    assert str(error.value) == (
        f"microphone usb:1:2 cannot be opened: {reason}; if it is in use by the daemon, read its "
        "notes from the topic timbrel/attic/practice/note, or stop the daemon"
    )


def test_another_error_does_not_name_the_daemon() -> None:
    with pytest.raises(FailedError) as error, _explained("timbrel/attic"):
        pieces_of(
            RefusedDevice(SoundLostError("no microphone is connected")), threading.Condition()
        )
    assert str(error.value) == "no microphone is connected"
