"""Cut 16 kHz mono sound, which arrives in pieces, into windows of 4 seconds, one every hop.

The DC offset is removed here because the sound of microphones, cameras and files all comes through.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.high_pass import HighPass

SAMPLE_RATE_HZ = 16_000
WINDOW_SECONDS = 4.0
WINDOW_SAMPLES = int(WINDOW_SECONDS * SAMPLE_RATE_HZ)


class Window(NamedTuple):
    """4 seconds of 16 kHz mono sound without DC offset."""

    samples: NDArray[np.float32]
    """(64 000,) in -1..1; overwritten when the next window is cut."""
    start_sample: int
    """Position of the first sample, counted from the source's start."""

    @property
    def ended_at(self) -> float:
        """Seconds of sound from the source's start to this window's end."""
        return (self.start_sample + len(self.samples)) / SAMPLE_RATE_HZ


class WindowBuffer:
    """Keeps the newest sound and cuts windows that end exactly at 4 s + k * hop_seconds."""

    def __init__(self, hop_seconds: float) -> None:
        self._hop_seconds = hop_seconds
        self._buffer = np.zeros(2 * WINDOW_SAMPLES, np.float32)
        self._filled = 0
        self._unfiltered = 0
        self._high_pass = HighPass()
        self._windows = 0
        self.pushed_samples = 0
        """Number of samples since the start, including padding."""

    @property
    def samples_to_next(self) -> int:
        """The number of samples missing to complete the next window."""
        hops = round(self._windows * self._hop_seconds * SAMPLE_RATE_HZ)
        return WINDOW_SAMPLES + hops - self.pushed_samples

    def push(self, samples: NDArray[np.float32]) -> Iterator[Window]:
        """Append `samples` (n,); yield each window as soon as it is complete."""
        while len(samples):
            missing = self.samples_to_next
            self._append(samples[:missing])
            samples = samples[missing:]
            if self.samples_to_next == 0:
                self._filter()
                self._windows += 1
                yield self._newest()

    def finish(self) -> Iterator[Window]:
        """End the sound; if it was too short for a window, pad it with silence and yield it."""
        if self._windows == 0 and self.pushed_samples:
            self._filter()
            self._append(np.zeros(self.samples_to_next, np.float32))
            self._windows, self._unfiltered = 1, 0
            yield self._newest()

    def _append(self, piece: NDArray[np.float32]) -> None:
        if self._filled + len(piece) > len(self._buffer):
            self._buffer[:WINDOW_SAMPLES] = self._newest().samples
            self._filled = WINDOW_SAMPLES
        self._buffer[self._filled : self._filled + len(piece)] = piece
        self._filled += len(piece)
        self._unfiltered += len(piece)
        self.pushed_samples += len(piece)

    def _filter(self) -> None:
        """Remove the DC offset of the sound since the last window.

        Filtering piece by piece would cost more, and the filter starts best with much sound.
        """
        self._high_pass.apply(self._buffer[self._filled - self._unfiltered : self._filled])
        self._unfiltered = 0

    def _newest(self) -> Window:
        samples = self._buffer[self._filled - WINDOW_SAMPLES : self._filled]
        return Window(samples, self.pushed_samples - WINDOW_SAMPLES)
