"""Blocks from the audio thread in, windows out: the only lock between the two threads.

The ring holds sound as the device gives it; channels are mixed and resampled by who reads.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import SoundLostError
from daemon.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, WINDOW_SECONDS, Window, WindowBuffer

_CAPACITY_SECONDS = 2 * WINDOW_SECONDS


class Ring:
    """The newest 8 seconds of one device; what nobody fetched in time is lost, and counted."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz = rate_hz
        self._blocks = np.zeros((int(_CAPACITY_SECONDS * rate_hz), channels), np.float32)
        self._written = 0
        self._read = 0
        self._wanted = 1
        self._last_write = time.monotonic()
        self._changed = threading.Condition()
        self._ended = False
        self._lost_because: str | None = None
        self.overflows = 0
        self.lost_seconds = 0.0
        self.late_windows = 0

    def write(self, block: NDArray[np.float32]) -> None:
        """Copy one block, (samples, channels); called on the audio thread, so nothing else."""
        with self._changed:
            capacity = len(self._blocks)
            self._written += max(0, len(block) - capacity)
            block = block[-capacity:]
            start = self._written % capacity
            head = min(len(block), capacity - start)
            self._blocks[start : start + head] = block[:head]
            self._blocks[: len(block) - head] = block[head:]
            self._written += len(block)
            self._last_write = time.monotonic()
            if self._written - self._read >= self._wanted:
                self._changed.notify()

    def end(self) -> None:
        """No more windows are wanted; safe from a signal handler."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def lose(self, reason: str) -> None:
        """The device is gone: whoever waits for a window gets SoundLostError."""
        with self._changed:
            self._lost_because = reason
            self._changed.notify()

    def windows(self, hop_seconds: float, stall_seconds: float) -> Iterator[Window]:
        """Yield the newest window every hop until `end`; one that is late is skipped and counted.

        Raises SoundLostError when the device is gone or gave no block for `stall_seconds`.
        """
        buffer = WindowBuffer(hop_seconds)
        resample = _resampler(self._rate_hz)
        newest = np.empty(WINDOW_SAMPLES, np.float32)
        while True:
            wanted = -(-buffer.samples_to_next * self._rate_hz // SAMPLE_RATE_HZ)
            if (blocks := self._fetch(wanted, stall_seconds)) is None:
                return
            whole: list[int] = []
            for window in buffer.push(resample(_mono(blocks))):
                # What follows it in the buffer may move it.
                np.copyto(newest, window.samples)
                whole.append(window.start_sample)
            if whole:
                self.late_windows += len(whole) - 1
                yield Window(newest, whole[-1])

    def _fetch(self, wanted: int, stall_seconds: float) -> NDArray[np.float32] | None:
        """Everything unread once that many samples are there; None after `end`."""
        with self._changed:
            self._wanted = max(1, wanted)
            while not self._ended and self._written - self._read < self._wanted:
                silent_seconds = time.monotonic() - self._last_write
                if self._lost_because is None and silent_seconds >= stall_seconds:
                    self._lost_because = f"no sound from the device for {silent_seconds:.0f} s"
                if self._lost_because is not None:
                    raise SoundLostError(self._lost_because)
                self._changed.wait(stall_seconds - silent_seconds)
            return None if self._ended else self._unread()

    def _unread(self) -> NDArray[np.float32]:
        """A copy of what is unread; what was overwritten comes as silence, so that time stays."""
        capacity = len(self._blocks)
        lost = max(0, self._written - self._read - capacity)
        if lost:
            self.overflows += 1
            self.lost_seconds += lost / self._rate_hz
        unread = np.zeros((self._written - self._read, self._blocks.shape[1]), np.float32)
        kept = unread[lost:]
        start = (self._read + lost) % capacity
        head = min(len(kept), capacity - start)
        kept[:head] = self._blocks[start : start + head]
        kept[head:] = self._blocks[: len(kept) - head]
        self._read = self._written
        return unread


def _mono(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    return blocks[:, 0] if blocks.shape[1] == 1 else blocks.mean(axis=1)


def _resampler(rate_hz: int) -> Any:
    """A function from samples at the device's rate to samples at 16 kHz, its state kept."""
    if rate_hz == SAMPLE_RATE_HZ:
        return lambda samples: samples
    import soxr

    stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
    return lambda samples: stream.resample_chunk(np.ascontiguousarray(samples))
