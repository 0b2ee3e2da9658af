"""Pass sound from the audio thread to the loop: blocks in, windows out, under a single lock.

The ring holds the device's own format; the reader mixes the channels and resamples.
"""

import threading
import time

import numpy as np
from numpy.typing import NDArray

from daemon.errors import SoundLostError
from daemon.sound.mixing import DeviceMix
from daemon.sound.resampler import Resampler
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, WINDOW_SECONDS, Window, WindowBuffer

_CAPACITY_SECONDS = 2 * WINDOW_SECONDS
# Interval of reads until the first sound, so that a device's return is reported at once.
_FIRST_LOOKS_SECONDS = 0.25


class Ring:
    """Holds the newest 8 seconds of one device; older unread sound is lost and counted.

    `changed` is notified when there is something to fetch; several rings may share one.
    """

    def __init__(
        self, rate_hz: int, channels: int, changed: threading.Condition | None = None
    ) -> None:
        self.rate_hz = rate_hz
        self.changed = changed or threading.Condition()
        self._blocks = np.zeros((int(_CAPACITY_SECONDS * rate_hz), channels), np.float32)
        self._written = 0
        self._read = 0
        self._required = 1
        self._last_write = time.monotonic()
        self._lost_because: str | None = None
        self.overflows = 0
        """How often the device or this ring lost sound."""
        self.lost_seconds = 0.0
        """Sound overwritten before it was read, in seconds."""
        self.late_windows = 0
        """Number of windows that the reader skipped because a newer one was complete."""

    def write(self, block: NDArray[np.float32], *, overflowed: bool = False) -> None:
        """Copy one block (samples, channels); must be fast, as the audio thread calls it.

        `overflowed` is True if the device reports that it lost sound before this block.
        """
        with self.changed:
            self.overflows += overflowed
            capacity = len(self._blocks)
            self._written += max(0, len(block) - capacity)
            block = block[-capacity:]
            start = self._written % capacity
            head = min(len(block), capacity - start)
            self._blocks[start : start + head] = block[:head]
            self._blocks[: len(block) - head] = block[head:]
            self._written += len(block)
            self._last_write = time.monotonic()
            if self._written - self._read >= self._required:
                self.changed.notify()

    def lose(self, reason: str) -> None:
        """Record that the device is gone; once the sound is read, `fetch` raises SoundLostError."""
        with self.changed:
            if self._lost_because is None:
                self._lost_because = reason
            self.changed.notify()

    @property
    def has_news(self) -> bool:
        """True if `fetch` would return sound or raise."""
        return self._lost_because is not None or self._written - self._read >= self._required

    @property
    def newest_at(self) -> float:
        """Time of the last block, or of the ring's creation: time.monotonic()."""
        return self._last_write

    @property
    def unread_seconds(self) -> float:
        """Length of the unread sound."""
        return (self._written - self._read) / self.rate_hz

    def require(self, samples: int) -> None:
        """Set how many samples must be unread before `fetch` returns them."""
        with self.changed:
            self._required = max(1, samples)

    def fetch(self) -> NDArray[np.float32] | None:
        """Return all unread samples (n, channels), or None if fewer than required are unread.

        Raises SoundLostError if there are fewer and the device is gone.
        """
        with self.changed:
            if self._written - self._read >= self._required:
                return self._unread()
            if self._lost_because is not None:
                raise SoundLostError(self._lost_because)
            return None

    def _unread(self) -> NDArray[np.float32]:
        """Copy the unread samples; overwritten ones become silence, so that times stay right."""
        capacity = len(self._blocks)
        lost = max(0, self._written - self._read - capacity)
        if lost:
            self.overflows += 1
            self.lost_seconds += lost / self.rate_hz
        unread = np.zeros((self._written - self._read, self._blocks.shape[1]), np.float32)
        kept = unread[lost:]
        start = (self._read + lost) % capacity
        head = min(len(kept), capacity - start)
        kept[:head] = self._blocks[start : start + head]
        kept[head:] = self._blocks[: len(kept) - head]
        self._read = self._written
        return unread


class WindowReader:
    """Cuts one ring's sound into windows; `poll` never waits.

    `channel` counts from 1; None mixes all channels that carry sound. With `stillness_is_loss`, a
    device that delivers a constant value for `stall_seconds` counts as lost, and no window is
    returned until the value changes. No room is that quiet, but a microphone is if it is not wired,
    or if it was unplugged while a sound server keeps its source.
    """

    def __init__(
        self,
        ring: Ring,
        hop_seconds: float,
        stall_seconds: float,
        *,
        channel: int | None = None,
        stillness_is_loss: bool = False,
    ) -> None:
        self._ring = ring
        self._stall_seconds = stall_seconds
        self._mix = DeviceMix(channel)
        self._stillness_is_loss = stillness_is_loss
        self._still_seconds = 0.0
        self.sounded = False
        """True once the device has delivered sound instead of a constant."""
        self._buffer = WindowBuffer(hop_seconds)
        self._resampler = Resampler(SAMPLE_RATE_HZ)
        self._newest = np.empty(WINDOW_SAMPLES, np.float32)
        self._require_next()

    @property
    def cancels(self) -> bool:
        """True if the channels are in opposite phase, so that sound is lost in the mix."""
        return self._mix.cancels

    @property
    def due(self) -> float:
        """When the device counts as stalled if it delivers no block: time.monotonic()."""
        return self._ring.newest_at + self._stall_seconds

    @property
    def sounded_until(self) -> float:
        """Time of the last sound: time.monotonic()."""
        return self._ring.newest_at - self._still_seconds

    @property
    def sounded_seconds(self) -> float:
        """Time of the last sound, in seconds of sound since the reader's start."""
        seconds = self._buffer.pushed_samples / SAMPLE_RATE_HZ + self._ring.unread_seconds
        return max(0.0, seconds - self._still_seconds)

    def poll(self) -> Window | None:
        """Return the newest window completed since the last call, or None; count skipped ones.

        Raises SoundLostError if the device is gone, or if for `stall_seconds` it delivered no block
        or, with `stillness_is_loss`, the same value.
        """
        blocks = self._ring.fetch()
        if blocks is None:
            if time.monotonic() >= self.due:
                raise SoundLostError(f"no sound from the device for {self._stall_seconds:g} s")
            return None
        mono = self._mix.mono(blocks, self._ring.rate_hz)
        self._update_stillness(blocks)
        start_sample: int | None = None
        for window in self._buffer.push(self._resampler.resample(mono, self._ring.rate_hz)):
            if start_sample is not None:
                self._ring.late_windows += 1
            # Pushing the rest may move the window in the buffer.
            np.copyto(self._newest, window.samples)
            start_sample = window.start_sample
        self._require_next()
        if self._still_seconds >= self._stall_seconds:
            raise SoundLostError(self._stillness_reason(blocks))
        if start_sample is None or not self.sounded:
            return None
        return Window(self._newest, start_sample)

    def _require_next(self) -> None:
        wanted = -(-self._buffer.samples_to_next * self._ring.rate_hz // SAMPLE_RATE_HZ)
        if not self.sounded:
            wanted = min(wanted, int(_FIRST_LOOKS_SECONDS * self._ring.rate_hz))
        self._ring.require(wanted)

    def _update_stillness(self, blocks: NDArray[np.float32]) -> None:
        if self._mix.has_sound or not self._stillness_is_loss:
            self._still_seconds, self.sounded = 0.0, True
        else:
            self._still_seconds += len(blocks) / self._ring.rate_hz

    def _stillness_reason(self, blocks: NDArray[np.float32]) -> str:
        stillness = self._mix.stillness(blocks)
        if wrong_channel := stillness.wrong_channel():
            return wrong_channel
        if stillness.is_silent:
            return (
                f"only digital silence for {self._stall_seconds:g} s: "
                "the device is muted or its source is gone"
            )
        return (
            f"the same value for {self._stall_seconds:g} s instead of sound: the device has failed "
            "or is not wired correctly; plug it in again or check its wiring"
        )
