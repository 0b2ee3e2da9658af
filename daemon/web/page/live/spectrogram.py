"""Small pictures of sound: log-mel spectrograms with one byte a pixel."""

import base64
import math

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.sound.window import SAMPLE_RATE_HZ

LIVE = FrontEnd(frame_seconds=0.032, hop_seconds=0.02, bands=64, low_hz=60.0)
"""The scrolling picture: 50 columns a second."""
EVENT = FrontEnd(frame_seconds=0.032, hop_seconds=0.04, bands=32, low_hz=60.0)
"""The picture of a window: 100 columns in 4 seconds."""
# The range of the logarithm of a band: from below a quiet room to above loud music close by.
_DARKEST, _BRIGHTEST = math.log(0.01), math.log(30.0)


class Spectrogram:
    """Draws sound with one front end; not thread-safe."""

    def __init__(self, front_end: FrontEnd) -> None:
        self.front_end = front_end
        self._log_mel = LogMel(front_end)

    @property
    def margin_samples(self) -> int:
        """Samples before a piece of sound that its first column needs."""
        return self.front_end.frame_samples - self.front_end.hop_samples

    def draw(self, samples: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the picture (columns, bands) of 16 kHz samples (n,) in -1..1, low bands first."""
        frames = self._log_mel.frames(samples)
        scaled = (frames - _DARKEST) * (255.0 / (_BRIGHTEST - _DARKEST))
        picture: NDArray[np.uint8] = np.clip(scaled, 0.0, 255.0).astype(np.uint8)
        return picture

    def text(self, samples: NDArray[np.float32]) -> str:
        """Return the picture as base64, column by column."""
        return base64.b64encode(self.draw(samples).tobytes()).decode()


def samples_in(seconds: float) -> int:
    """Return the number of samples in a length of sound."""
    return round(seconds * SAMPLE_RATE_HZ)
