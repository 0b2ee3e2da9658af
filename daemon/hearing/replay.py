"""Cut a recording into the windows of a microphone, skipping none however slow the machine is."""

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from daemon.sound.sound_file import read_pieces
from daemon.sound.window import SAMPLE_RATE_HZ, Window, WindowBuffer
from daemon.system.stop import Stop


class Replay:
    """Replays a file as windows, at `speed` times real time or, if None, as fast as possible.

    `channel`, counted from 1, selects one channel; None mixes all. Setting `stop` from another
    thread ends the replay early. `hear` gets every sample of the file, (n,) at a time, before the
    windows that end in it.
    """

    def __init__(
        self,
        path: str,
        hop_seconds: float,
        *,
        speed: float | None = None,
        channel: int | None = None,
        stop: Stop | None = None,
        hear: Callable[[NDArray[np.float32]], None] | None = None,
    ) -> None:
        self.path = path
        self._speed = speed
        self._channel = channel
        self._stop = stop or Stop()
        self._hear = hear
        self._buffer = WindowBuffer(hop_seconds)
        self._samples = 0

    @property
    def seconds(self) -> float:
        """Seconds of the file read so far, without padding."""
        return self._samples / SAMPLE_RATE_HZ

    def windows(self) -> Iterator[Window]:
        """Yield each window when it is due. Raises InputError if the file cannot be decoded."""
        started = time.monotonic()
        for window in self._all_windows():
            if self._speed is not None:
                due = started + window.ended_at / self._speed
                self._stop.wait(max(0.0, due - time.monotonic()))
            if self._stop.is_set():
                return
            yield window

    def _all_windows(self) -> Iterator[Window]:
        for piece in read_pieces(self.path, self._channel):
            self._samples += len(piece)
            if self._hear is not None:
                self._hear(piece)
            yield from self._buffer.push(piece)
        yield from self._buffer.finish()
