"""The newest log-mel frames of a stream, and the rhythm in them."""

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.practice.tempo import Rhythm, find_rhythm


class RhythmTrace:
    """Computes log-mel frames; remembers the last `keep_seconds`, or everything if None."""

    def __init__(self, keep_seconds: float | None = None) -> None:
        front_end = FrontEnd()
        self._log_mel = LogMel(front_end)
        self._hop = front_end.hop_samples
        self._keep = None if keep_seconds is None else round(keep_seconds / front_end.hop_seconds)
        self._rest = np.empty(0, np.float32)
        self._blocks: list[NDArray[np.float32]] = []
        self._frames = 0

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        sound = np.concatenate([self._rest, samples])
        frames = self._log_mel.frames(sound)
        self._rest = sound[len(frames) * self._hop :].copy()
        self._blocks.append(frames)
        self._frames += len(frames)
        while self._keep is not None and self._frames - len(self._blocks[0]) >= self._keep:
            self._frames -= len(self._blocks.pop(0))

    def rhythm(self) -> Rhythm | None:
        """Return the rhythm of the remembered sound; None without onsets."""
        if not self._frames:
            return None
        frames = np.concatenate(self._blocks)
        return find_rhythm(frames[0 if self._keep is None else max(0, len(frames) - self._keep) :])
