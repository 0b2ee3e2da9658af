"""One listening place's sound: opened, watched, and opened again for ever.

Nothing here waits: the loop asks whenever there is news, and at the latest when it is due.
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
    """What gives sound: a microphone, or a camera's stream.

    Both calls return at once; the loop is woken when they are answered.
    """

    def open(self) -> "Future[Ring]":
        """Begin to open it; the future raises SoundLostError when that cannot be now.

        A future that can be cancelled is cancelled when the sound is no longer wanted.
        """

    def close(self, ring: Ring) -> "Future[None]":
        """Begin to let go of it."""


class Listening(NamedTuple):
    """How a source's windows are cut and when its sound counts as lost."""

    hop_seconds: float
    stall_seconds: float
    channel: int | None = None
    stillness_is_loss: bool = True
    longest_pause_seconds: float = 3.0
    """Between two attempts to open the device; the pause grows to it while they fail."""


class Source:
    """One device's sound; `poll` gives windows, and what it raises tells why there are none.

    `sounds` tells whether sound comes now, `sounded_seconds` and `sounded_until` when the last came
    (in seconds of sound since it was opened, and by time.monotonic()).
    """

    def __init__(self, device: Device, listening: Listening) -> None:
        self._device = device
        self._listening = listening
        self._opening: Future[Ring] | None = None
        self._asked_at = 0.0
        self._told_unanswered = False
        self._ring: Ring | None = None
        self._reader: WindowReader | None = None
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._try_at = 0.0
        self._silent_since: float | None = None
        self._counters = Counters()
        self.muted = False
        self.sounds = False
        self.sounded_seconds = 0.0
        self.sounded_until = time.monotonic()

    @property
    def has_news(self) -> bool:
        """True if `poll()` would return data or change state."""
        if self._ring is not None:
            return self._ring.has_news
        return self._opening is not None and self._opening.done()

    @property
    def cancels(self) -> bool:
        """Whether the device's channels are in opposite phase and lost sound when mixed."""
        return self._reader is not None and self._reader.cancels

    @property
    def due(self) -> float:
        """When to poll at the latest: time.monotonic()."""
        if self._reader is not None:
            return self._reader.due
        if self._opening is None:
            return math.inf if self.muted else self._try_at
        return math.inf if self._told_unanswered else self._asked_at + self._listening.stall_seconds

    @property
    def unanswered_seconds(self) -> float:
        """For how long an opening that is wanted has not been answered."""
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
        """Really close the device, or open it again; sound that is not wanted is not lost."""
        if muted == self.muted:
            return
        self.muted = muted
        if muted:
            self._let_go()
            self._count_deafness(time.monotonic())
        else:
            self._try_at, self._pause_seconds = 0.0, _FIRST_PAUSE_SECONDS
            self._asked_at, self._told_unanswered = time.monotonic(), False

    def poll(self) -> Window | None:
        """The newest window that became whole since the last call.

        Raises SoundLostError when sound ends, and at every attempt to get it back that fails.
        """
        if self._reader is None:
            self._move_opening_on()
            return None
        try:
            window = self._reader.poll()
        except SoundLostError:
            self._fail(self._reader.sounded_until)
            raise
        if self._reader.sounded and not self.sounds:
            self._sound_is_here()
        if window is not None:
            self._counters = replace(self._counters, windows=self._counters.windows + 1)
        return window

    def close(self) -> None:
        """Close the device for good, also one that is still being opened."""
        self.muted = True
        self._let_go()
        if self._opening is not None:
            # Nobody polls after this.
            self._opening.add_done_callback(self._close_late)
            self._opening = None

    def _move_opening_on(self) -> None:
        now = time.monotonic()
        if self._opening is None:
            if not self.muted and now >= self._try_at:
                self._opening, self._asked_at = self._device.open(), now
                self._told_unanswered = False
        elif self._opening.done():
            self._take(self._opening)
        elif now - self._asked_at >= self._listening.stall_seconds and not self._told_unanswered:
            self._told_unanswered = True
            if not self.muted:
                self._silent_since = self._silent_since or self._asked_at
                raise SoundLostError("the device does not answer")

    def _take(self, opening: "Future[Ring]") -> None:
        """The opening is answered: with a ring, from which windows are cut, or with an error."""
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

    def _sound_is_here(self) -> None:
        self.sounds = True
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        if self._silent_since is not None:
            self._counters = replace(self._counters, reopens=self._counters.reopens + 1)
            self._count_deafness(time.monotonic())

    def _fail(self, silent_since: float) -> None:
        """No sound now; try again after a pause that grows while none comes."""
        if self._silent_since is None:
            self._silent_since = silent_since
        self._let_go()
        self._try_at = time.monotonic() + self._pause_seconds * random.uniform(0.7, 1.0)  # noqa: S311
        self._pause_seconds = min(2 * self._pause_seconds, self._listening.longest_pause_seconds)

    def _let_go(self) -> None:
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

    def _count_deafness(self, now: float) -> None:
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
