"""Channels in opposite phase: each holds sound, and their mix holds next to none."""

import numpy as np
from numpy.typing import NDArray

_QUIET_POWER = 1e-7
"""Mean square of a channel below which there is nothing to lose: -70 dBFS."""
_LOST = 0.1
"""Power of the mix, as a share of that of unrelated channels, below which sound is lost."""
_LONG_SECONDS = 4.0


class Cancellation:
    """Adds up for how long the channels of one sound cancel each other when they are mixed."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._all_seconds = 0.0
        self._run_seconds = 0.0
        self._has_long_run = False
        self._begin()

    @property
    def is_long(self) -> bool:
        """Whether it lasted for the length of a window without a second that cancels nothing.

        Quiet seconds neither end such a run nor count. True from then on.
        """
        return self._has_long_run

    @property
    def is_most(self) -> bool:
        """Whether it lasted for at least half of the sound."""
        return 0.0 < self.seconds >= self._all_seconds / 2

    def follow(
        self,
        blocks: NDArray[np.float32],
        mono: NDArray[np.float32],
        rate_hz: int,
        mixed_channels: int | None = None,
    ) -> None:
        """Compare blocks (n, channels) with their mix (n,), to which so many channels went."""
        channels = mixed_channels or blocks.shape[1]
        each = _power(blocks) / channels
        self._each += each
        self._unrelated += each / channels
        self._mix += _power(mono[:, None])
        self._samples += len(blocks)
        self._rate_hz = rate_hz
        if self._samples >= rate_hz:
            self.judge()

    def judge(self) -> None:
        """Decide about the last part of a second; also to be called when the sound ends."""
        if not self._samples:
            return
        seconds = self._samples / self._rate_hz
        self._all_seconds += seconds
        if self._each > _QUIET_POWER * self._samples:
            self._judge_sound(seconds, cancels=self._mix < _LOST * self._unrelated)
        self._begin()

    def _judge_sound(self, seconds: float, *, cancels: bool) -> None:
        if not cancels:
            self._run_seconds = 0.0
            return
        self.seconds += seconds
        self._run_seconds += seconds
        self._has_long_run |= self._run_seconds >= _LONG_SECONDS

    def _begin(self) -> None:
        self._each = self._unrelated = self._mix = 0.0
        self._samples, self._rate_hz = 0, 1


def _power(blocks: NDArray[np.float32]) -> float:
    """Sum of the squares of (n, channels), without each channel's offset."""
    sums = np.ones(len(blocks), np.float32) @ blocks
    return float(np.vdot(blocks, blocks)) - float(sums @ sums) / len(blocks)
