"""Compute log-frequency frames of 16 kHz mono sound in pure NumPy, for the daemon and for training.

A frame has the same bits whether its sound comes as a whole clip or in blocks of any length.
"""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.fourier import framed, transform
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

# Frame k of a sound is row k % 16 of a matrix of 16 rows, of which some may be unused: a product of
# other rows could round differently.
_ROWS = 16

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
        windows = front_end.low_window_samples, front_end.high_window_samples
        low_bank = triangles(bin_hz[:low], step_hz / DECIMATION, per_octave)
        self._low_bands = _Bands(windows[0], front_end.fft_size, low_bank)
        high_bank = triangles(bin_hz[low:], step_hz, per_octave)
        self._high_bands = _Bands(windows[1], front_end.fft_size, high_bank)
        rise = front_end.rise_window_samples
        self._rise_bands = _Bands(rise, rise, triangles(bin_hz, rate_hz / rise, per_octave))
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
        if skipped := min(ready, self._steps_before):
            self._low = np.concatenate([self._low, self._decimated(skipped)])
            self._steps_before -= skipped
            self._advance(skipped)
        made = np.empty((ready - skipped, self.front_end.bins, CHANNELS), np.float32)
        first = 0
        while first < len(made):
            count = min(len(made) - first, _ROWS - self._frames % _ROWS)
            self._low = np.concatenate([self._low, self._decimated(count)])
            self._analyse(made[first : first + count])
            self._advance(count)
            self._frames += count
            first += count
        # A copy, because a view would keep all of the sound in memory.
        self._sound = self._sound.copy()
        return made

    def finish(self) -> Frames:
        """Return the last frames (n, bins, 2), with silence after the sound; then begin anew."""
        samples = self._samples
        left = self.front_end.frames_in(samples) - self._frames
        silence = np.zeros(self.front_end.samples_after + self._hop, np.float32)
        made = self.push(silence)[: max(0, left)]
        self.reset()
        return made

    def _advance(self, count: int) -> None:
        """Forget the sound that only frames before the next but `count` ones need."""
        self._sound = self._sound[count * self._hop :]
        self._low = self._low[count * self._low_hop :]

    def _analyse(self, out: Frames) -> None:
        """Write the next frames (n, bins, 2), at most as many as there are rows left."""
        low, row = self.front_end.low_bins, self._frames % _ROWS
        self._low_bands.power(self._low, 0, self._low_hop, row, out[:, :low, 0])
        for bands, bins in ((self._high_bands, out[:, low:, 0]), (self._rise_bands, out[:, :, 1])):
            first = self.front_end.samples_before - bands.length // 2
            bands.power(self._sound, first, self._hop, row, bins)
        np.sqrt(out, out=out)
        offset = np.float32(self.front_end.offset)
        np.log10(np.add(out, offset, out=out), out=out)
        out -= np.log10(offset)
        out *= np.float32(0.5)

    def _decimated(self, count: int) -> Samples:
        """Return the decimated samples (count * hop / 4,) that `count` frames add."""
        half = self.front_end.low_window_samples // 2
        first = self.front_end.samples_before + DECIMATION * (half - self._low_hop)
        first -= DECIMATOR_REACH
        inputs = framed(self._sound, first, count, len(self._decimator), self._hop)
        # One product per frame, as in the log-mel: a product of all frames may round differently.
        return np.asarray(np.matmul(inputs[:, None, :], self._decimator)).reshape(-1)


class _Bands:
    """Finds the power in the bins of a bank, in frames under a Hann window of `length` samples."""

    def __init__(self, length: int, fft_size: int, bank: Bank) -> None:
        self.length = length
        self._hann = hann(length)
        self._bank = bank
        self._windowed = np.zeros((_ROWS, fft_size), np.float32)
        self._spectra = np.empty((_ROWS, fft_size // 2 + 1), np.complex64)
        self._power = np.zeros((_ROWS, bank.points_used), np.float32)

    def power(self, sound: Samples, first: int, hop: int, row: int, out: Samples) -> None:
        """Write the power (n, filters) of frames from sample `first` on, as rows from `row` on."""
        count = len(out)
        windowed, spectra = self._windowed[:count], self._spectra[:count]
        frames = framed(sound, first, count, self.length, hop)
        np.multiply(frames, self._hann, out=windowed[:, : self.length])
        transform(windowed, spectra)
        parts = spectra.view(np.float32)[:, : 2 * self._bank.points_used]
        np.multiply(parts, parts, out=parts)
        np.add(parts[:, 0::2], parts[:, 1::2], out=self._power[row : row + count])
        out[:] = self._bank.apply(self._power)[row : row + count]


def frames_of(samples: Samples, front_end: NoteFrontEnd | None = None) -> Frames:
    """Return all frames (n, bins, 2) of a clip (any,); a frame is centred on each hop."""
    log_frequency = LogFrequency(front_end or NoteFrontEnd())
    first = log_frequency.push(samples)
    return np.concatenate([first, log_frequency.finish()])
