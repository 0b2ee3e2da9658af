"""The sound of a device as it comes, without windows."""

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.errors import SoundLostError
from daemon.practice.pitch.readings import READING_SECONDS
from daemon.sound.mixing import DeviceMix
from daemon.sound.resampler import Resampler
from daemon.sound.ring import Ring
from daemon.sound.source import Device
from daemon.sound.window import SAMPLE_RATE_HZ
from daemon.system.stop import Stop

if TYPE_CHECKING:
    from concurrent.futures import Future

# A signal cannot wake the wait for sound.
_LONGEST_WAIT_SECONDS = 0.1


def live_pieces(
    device: Device,
    changed: threading.Condition,
    stop: Stop,
    *,
    channel: int | None,
    stall_seconds: float,
) -> Iterator[NDArray[np.float32]]:
    """Yield the sound of a device as pieces (n,) in -1..1 at 16 kHz, until `stop` is set.

    `changed` is the condition that the device notifies; `channel`, counted from 1, is used alone,
    None mixes all that carry sound. Raises SoundLostError if the device cannot be opened, is gone,
    or gives no sound for `stall_seconds`.
    """
    opening = device.open()
    ring = _opened(opening, changed, stop, stall_seconds)
    if ring is None:
        opening.cancel()
        return
    try:
        yield from _pieces(ring, stop, DeviceMix(channel), stall_seconds)
    finally:
        device.close(ring)


def _opened(
    opening: "Future[Ring]", changed: threading.Condition, stop: Stop, patience_seconds: float
) -> Ring | None:
    """Return the ring of the opened device, or None if `stop` was set before."""
    deadline = time.monotonic() + patience_seconds
    while not opening.done():
        if stop.is_set():
            return None
        if time.monotonic() > deadline:
            raise SoundLostError("the device does not answer")
        with changed:
            changed.wait_for(opening.done, _LONGEST_WAIT_SECONDS)
    return opening.result()


def _pieces(
    ring: Ring, stop: Stop, mix: DeviceMix, stall_seconds: float
) -> Iterator[NDArray[np.float32]]:
    resampler = Resampler(SAMPLE_RATE_HZ)
    ring.require(round(READING_SECONDS * ring.rate_hz))
    still_seconds = 0.0
    while not stop.is_set():
        with ring.changed:
            ring.changed.wait_for(lambda: ring.has_news, _LONGEST_WAIT_SECONDS)
        blocks = ring.fetch()
        if blocks is None:
            if time.monotonic() > ring.newest_at + stall_seconds:
                raise SoundLostError(f"no sound from the device for {stall_seconds:g} s")
            continue
        mono = mix.mono(blocks, ring.rate_hz)
        still_seconds = 0.0 if mix.has_sound else still_seconds + len(blocks) / ring.rate_hz
        if still_seconds > stall_seconds:
            reason = mix.stillness(blocks).wrong_channel()
            raise SoundLostError(reason or f"only digital silence for {stall_seconds:g} s")
        yield resampler.resample(mono, ring.rate_hz)
