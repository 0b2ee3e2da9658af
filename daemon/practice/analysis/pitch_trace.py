"""The pitch curve of a recording that comes in pieces."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.curve import PitchCurve, PitchStream


class PitchTrace:
    """Follows the pitch of one voice, and remembers all of it."""

    def __init__(self) -> None:
        self._stream = PitchStream()
        self._parts = [PitchCurve(np.empty(0), np.empty(0, bool))]

    @property
    def curve(self) -> PitchCurve:
        """The curve as far as it is known."""
        return PitchCurve(*(np.concatenate(same) for same in zip(*self._parts, strict=True)))

    def push(self, samples: NDArray[np.float32]) -> None:
        """Hear (n,) further samples at 16 kHz."""
        self._parts.append(self._stream.push(samples))

    def finish(self) -> None:
        """End the sound."""
        self._parts.append(self._stream.finish())
