"""Detect channels in opposite phase: each carries sound, but their mix is almost silent."""

import numpy as np
from numpy.typing import NDArray

_QUIET_POWER = 1e-7
"""Mean square below which a channel counts as quiet: -70 dBFS."""
_LOST = 0.1
"""Power of the mix, relative to a mix of unrelated channels, below which sound is lost."""
_LONG_SECONDS = 4.0


class Cancellation:
    """Measures how long the channels of one sound cancel each other when mixed."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Total time, in seconds, in which the channels cancelled each other."""
        self._all_seconds = 0.0
        self._run_seconds = 0.0
        self._has_long_run = False
        self._begin()

    @property
    def is_long(self) -> bool:
        """True once the channels have cancelled each other for 4 s in a row, a window's length.

        Quiet seconds neither count nor end such a run.
        """
        return self._has_long_run

    @property
    def covers_half(self) -> bool:
        """True if the channels cancelled each other for at least half of the sound."""
        return 0.0 < self.seconds >= self._all_seconds / 2

    def update(
        self,
        blocks: NDArray[np.float32],
        mono: NDArray[np.float32],
        rate_hz: int,
        mixed_channels: int | None = None,
    ) -> None:
        """Compare `blocks` (n, channels) with `mono` (n,), the mix of `mixed_channels` of them.

        `mixed_channels` is None if all channels were mixed.
        """
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
        """Evaluate the sound since the last call; call it also at the end of the sound."""
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
    """Return the sum of squares of `blocks` (n, channels), without each channel's DC offset."""
    sums = np.ones(len(blocks), np.float32) @ blocks
    return float(np.vdot(blocks, blocks)) - float(sums @ sums) / len(blocks)
