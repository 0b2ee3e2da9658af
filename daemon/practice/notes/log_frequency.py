"""Compute log-frequency frames of 16 kHz mono sound in pure NumPy, for the daemon and for training.

A frame has the same bits whether its sound comes as a whole clip or in blocks of any length.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daemon.practice.notes.front_end import (
    DECIMATION,
    DECIMATOR_REACH,
    Bank,
    NoteFrontEnd,
    decimator,
    hann,
    triangles,
)

CHANNELS = 2
"""Channels of a frame: level and rise."""

# Small, so that most scratch memory stays below the 128 KiB from which the C library asks the
# kernel for every block. With 25 frames this takes half as long again.
_FRAMES_AT_ONCE = 16

Samples = NDArray[np.float32]
Frames = NDArray[np.float32]


class LogFrequency:
    """Computes the frames of successive blocks of sound, which begins with silence before it.

    A value is `(log10(amplitude + offset) - log10(offset)) / 2`: 0 for silence, about 2.5 for a
    full-scale sine with the default offset. Not thread-safe.
    """

    def __init__(self, front_end: NoteFrontEnd) -> None:
        self.front_end = front_end
        self._hop = front_end.hop_samples
        self._low_hop = front_end.hop_samples // DECIMATION
        rate_hz, bin_hz = front_end.sample_rate_hz, front_end.bin_hz()
        low, per_octave = front_end.low_bins, front_end.bins_per_octave
        step_hz = rate_hz / front_end.fft_size
        self._low_bank = triangles(bin_hz[:low], step_hz / DECIMATION, per_octave)
        self._high_bank = triangles(bin_hz[low:], step_hz, per_octave)
        self._rise_bank = triangles(bin_hz, rate_hz / front_end.rise_window_samples, per_octave)
        self._low_hann = hann(front_end.low_window_samples)
        self._high_hann = hann(front_end.high_window_samples)
        self._rise_hann = hann(front_end.rise_window_samples)
        self._decimator = decimator(self._low_hop)
        self.reset()

    def reset(self) -> None:
        """Begin a new sound, with silence before it."""
        # The first decimated samples come from steps before frame 0.
        self._steps_before = -(-self.front_end.low_window_samples // self._low_hop)
        before = self.front_end.samples_before + self._steps_before * self._hop
        self._sound = np.zeros(before, np.float32)
        self._low = np.zeros(self.front_end.low_window_samples - self._low_hop, np.float32)
        self._samples, self._frames = 0, 0

    def push(self, samples: Samples) -> Frames:
        """Return the frames (n, bins, 2) that the next `samples` (any,) in -1..1 complete."""
        self._samples += len(samples)
        self._sound = np.concatenate([self._sound, samples.astype(np.float32, copy=False)])
        window = self.front_end.samples_before + self.front_end.samples_after
        ready = max(0, 1 + (len(self._sound) - window) // self._hop)
        parts = [np.empty((0, self.front_end.bins, CHANNELS), np.float32)]
        while ready:
            count = min(ready, self._steps_before or _FRAMES_AT_ONCE, _FRAMES_AT_ONCE)
            if frames := self._step(count):
                parts.append(frames[0])
            self._sound = self._sound[count * self._hop :]
            ready -= count
        # A copy, because a view would keep all of the sound in memory.
        self._sound = self._sound.copy()
        made = np.concatenate(parts)
        self._frames += len(made)
        return made

    def finish(self) -> Frames:
        """Return the last frames (n, bins, 2), with silence after the sound; then begin anew."""
        samples = self._samples
        left = self.front_end.frames_in(samples) - self._frames
        silence = np.zeros(self.front_end.samples_after + self._hop, np.float32)
        made = self.push(silence)[: max(0, left)]
        self.reset()
        return made

    def _step(self, count: int) -> tuple[Frames] | None:
        """Return the next `count` frames, or None for steps before frame 0."""
        front_end = self.front_end
        self._low = np.concatenate([self._low, self._decimated(count)])
        made = None
        if self._steps_before:
            self._steps_before -= count
        else:
            low = front_end.low_bins
            power = np.empty((count, front_end.bins, CHANNELS), np.float32)
            high, rise = self._centred(self._high_hann), self._centred(self._rise_hann)
            low_sound = sliding_window_view(self._low, len(self._low_hann))[:: self._low_hop]
            power[:, :low, 0] = self._banded(low_sound[:count], self._low_hann, self._low_bank)
            power[:, low:, 0] = self._banded(high[:count], self._high_hann, self._high_bank)
            power[:, :, 1] = self._banded(rise[:count], self._rise_hann, self._rise_bank)
            np.sqrt(power, out=power)
            offset = np.float32(front_end.offset)
            np.log10(power + offset, out=power)
            power -= np.log10(offset)
            power *= np.float32(0.5)
            made = (power,)
        self._low = self._low[count * self._low_hop :].copy()
        return made

    def _centred(self, window: Samples) -> Samples:
        """Return the sound under the window of each frame, (n, window)."""
        sound = self._sound[self.front_end.samples_before - len(window) // 2 :]
        return sliding_window_view(sound, len(window))[:: self._hop]

    def _decimated(self, count: int) -> Samples:
        """Return the decimated samples (count * hop / 4,) that `count` frames add."""
        half = self.front_end.low_window_samples // 2
        first = self.front_end.samples_before + DECIMATION * (half - self._low_hop)
        inputs = sliding_window_view(self._sound[first - DECIMATOR_REACH :], len(self._decimator))
        # One product per frame, as in the log-mel: a product of all frames may round differently.
        framed = inputs[:: self._hop][:count]
        return np.asarray(np.matmul(framed[:, None, :], self._decimator)).reshape(-1)

    def _banded(self, framed: Samples, window: Samples, bank: Bank) -> NDArray[np.float32]:
        """Return the power (n, filters) that a bank finds under each window of (n, window)."""
        points = len(window) if window is self._rise_hann else self.front_end.fft_size
        rfft: Any = np.fft.rfft
        spectra = rfft(framed * window, points).astype(np.complex64, copy=False)
        parts = spectra.view(np.float32)[:, : 2 * bank.points_used]
        np.multiply(parts, parts, out=parts)
        return bank.apply(parts[:, 0::2] + parts[:, 1::2])


def frames_of(samples: Samples, front_end: NoteFrontEnd | None = None) -> Frames:
    """Return all frames (n, bins, 2) of a clip (any,); a frame is centred on each hop."""
    log_frequency = LogFrequency(front_end or NoteFrontEnd())
    first = log_frequency.push(samples)
    return np.concatenate([first, log_frequency.finish()])
