"""The sound of one listening place: opens the device, watches it, and reopens it after a loss.

Nothing here blocks: the loop polls whenever there is news, and at the latest when it is due.
"""

import math
import random
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec.structs import replace

from daemon.counters import Counters
from daemon.errors import SoundLostError
from daemon.sound.ring import Ring, WindowReader
from daemon.sound.window import Window

if TYPE_CHECKING:
    from concurrent.futures import Future

_FIRST_PAUSE_SECONDS = 0.5


class Device(Protocol):
    """A source of sound: a microphone, or a camera's stream.

    Both methods return at once, and the loop is woken when their futures are done.
    """

    def open(self) -> "Future[Ring]":
        """Start opening the device; the future raises SoundLostError if that fails.

        The future may be cancelled while it is pending, if the sound is no longer needed.
        """

    def close(self, ring: Ring) -> "Future[None]":
        """Start closing the device that fills `ring`."""


class Listening(NamedTuple):
    """How a source's windows are cut and when its sound counts as lost."""

    hop_seconds: float
    """Time between the starts of two windows."""
    stall_seconds: float
    """Time without a block, or without an answer from the device, that counts as a loss."""
    channel: int | None = None
    """The only channel to use, from 1; None mixes all channels with sound."""
    stillness_is_loss: bool = True
    """True if sound of one constant value for `stall_seconds` counts as a loss."""
    longest_pause_seconds: float = 3.0
    """Upper limit of the pause between two attempts to open the device, which grows each time."""


class Source:
    """The sound of one device; `poll` returns its windows, or raises why there are none."""

    def __init__(self, device: Device, listening: Listening) -> None:
        self._device = device
        self._listening = listening
        self._opening: Future[Ring] | None = None
        self._asked_at = 0.0
        self._has_reported_hang = False
        self._ring: Ring | None = None
        self._reader: WindowReader | None = None
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._try_at = 0.0
        self._silent_since: float | None = None
        self._counters = Counters()
        self.muted = False
        """True if the device is to stay closed."""
        self.sounds = False
        """True while sound arrives."""
        self.sounded_seconds = 0.0
        """Seconds of sound between the last opening and the last close or loss."""
        self.sounded_until = time.monotonic()
        """When the last sound before the last close or loss arrived, by time.monotonic()."""

    @property
    def has_news(self) -> bool:
        """True if `poll()` would return data or change state."""
        if self._ring is not None:
            return self._ring.has_news
        return self._opening is not None and self._opening.done()

    @property
    def cancels(self) -> bool:
        """True if the device's channels are in opposite phase, so that mixing them lost sound."""
        return self._reader is not None and self._reader.cancels

    @property
    def due(self) -> float:
        """The latest time for the next poll, by time.monotonic()."""
        if self._reader is not None:
            return self._reader.due
        if self._opening is None:
            return math.inf if self.muted else self._try_at
        return (
            math.inf if self._has_reported_hang else self._asked_at + self._listening.stall_seconds
        )

    @property
    def unanswered_seconds(self) -> float:
        """Seconds that the current attempt to open has gone unanswered; 0 if none or if muted."""
        if self._opening is None or self.muted:
            return 0.0
        return time.monotonic() - self._asked_at

    @property
    def counters(self) -> Counters:
        """The counts so far, including the sound that is being lost now."""
        counters = _with(self._counters, self._ring)
        if self._silent_since is None:
            return counters
        deaf_seconds = time.monotonic() - self._silent_since
        return replace(counters, lost_seconds=counters.lost_seconds + deaf_seconds)

    def mute(self, muted: bool) -> None:  # noqa: FBT001
        """Close the device, or open it again; time while muted does not count as lost sound."""
        if muted == self.muted:
            return
        self.muted = muted
        if muted:
            self._release()
            self._end_loss(time.monotonic())
        else:
            self._try_at, self._pause_seconds = 0.0, _FIRST_PAUSE_SECONDS
            self._asked_at, self._has_reported_hang = time.monotonic(), False

    def poll(self) -> Window | None:
        """Return the newest window completed since the last call, or None.

        Raises SoundLostError when sound is lost, and at every failed attempt to reopen the device.
        """
        if self._reader is None:
            self._advance_opening()
            return None
        try:
            window = self._reader.poll()
        except SoundLostError:
            self._fail(self._reader.sounded_until)
            raise
        if self._reader.sounded and not self.sounds:
            self._sound_arrived()
        if window is not None:
            self._counters = replace(self._counters, windows=self._counters.windows + 1)
        return window

    def close(self) -> None:
        """Close the device for good, even if it is still being opened."""
        self.muted = True
        self._release()
        if self._opening is not None:
            # There will be no `poll` to close it.
            self._opening.add_done_callback(self._close_late)
            self._opening = None

    def _advance_opening(self) -> None:
        now = time.monotonic()
        if self._opening is None:
            if not self.muted and now >= self._try_at:
                self._opening, self._asked_at = self._device.open(), now
                self._has_reported_hang = False
        elif self._opening.done():
            self._finish_opening(self._opening)
        elif now - self._asked_at >= self._listening.stall_seconds and not self._has_reported_hang:
            self._has_reported_hang = True
            if not self.muted:
                self._silent_since = self._silent_since or self._asked_at
                raise SoundLostError("the device does not answer")

    def _finish_opening(self, opening: "Future[Ring]") -> None:
        """Use the ring of a finished opening; raises SoundLostError if it failed."""
        self._opening = None
        try:
            ring = opening.result()
        except SoundLostError:
            if self.muted:
                return
            self._fail(self._asked_at)
            raise
        if self.muted:
            self._device.close(ring)
            return
        self._ring = ring
        self._reader = WindowReader(
            ring,
            self._listening.hop_seconds,
            self._listening.stall_seconds,
            channel=self._listening.channel,
            stillness_is_loss=self._listening.stillness_is_loss,
        )

    def _close_late(self, opening: "Future[Ring]") -> None:
        if not opening.cancelled() and opening.exception() is None:
            self._device.close(opening.result())

    def _sound_arrived(self) -> None:
        self.sounds = True
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        if self._silent_since is not None:
            self._counters = replace(self._counters, reopens=self._counters.reopens + 1)
            self._end_loss(time.monotonic())

    def _fail(self, silent_since: float) -> None:
        """Close the device and schedule the next attempt; the pause grows until sound returns."""
        if self._silent_since is None:
            self._silent_since = silent_since
        self._release()
        self._try_at = time.monotonic() + self._pause_seconds * random.uniform(0.7, 1.0)  # noqa: S311
        self._pause_seconds = min(2 * self._pause_seconds, self._listening.longest_pause_seconds)

    def _release(self) -> None:
        if self._opening is not None and self._opening.cancel():
            self._opening = None
        if self._ring is not None and self._reader is not None:
            self._counters = _with(self._counters, self._ring)
            if self.sounds:
                self.sounded_seconds = self._reader.sounded_seconds
                self.sounded_until = self._reader.sounded_until
            self._device.close(self._ring)
        self._ring = self._reader = None
        self.sounds = False

    def _end_loss(self, now: float) -> None:
        if self._silent_since is not None:
            lost_seconds = self._counters.lost_seconds + now - self._silent_since
            self._counters = replace(self._counters, lost_seconds=lost_seconds)
            self._silent_since = None


def _with(counters: Counters, ring: Ring | None) -> Counters:
    """Return the counters plus those of the ring."""
    if ring is None:
        return counters
    return replace(
        counters,
        late_windows=counters.late_windows + ring.late_windows,
        overflows=counters.overflows + ring.overflows,
        lost_seconds=counters.lost_seconds + ring.lost_seconds,
    )
