"""The parameters of the note model's front end, and the tables that follow from them."""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

DECIMATION = 4
"""Low bins are computed from sound at a quarter of the sample rate."""
DECIMATOR_REACH = 48
"""Samples that the decimator's filter reaches to either side."""

_DECIMATOR_BETA = 7.0  # of the Kaiser window; 70 dB of attenuation
_DECIMATOR_CUTOFF = 0.9  # relative to the Nyquist frequency of the decimated sound
_LARGEST_FFT = 65_536
_MOST_BINS = 1_000
_ROUNDING_HZ = 1e-6
# Few products of small matrices, most of whose weights are above 0.
_FILTERS_TOGETHER = 48


class NoteFrontEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of the log-frequency front end, stored in the note model's file.

    A frame is centred on a multiple of `hop_samples` and has two channels: `level` with a fine
    resolution in frequency, and `rise` with a fine one in time. Raises ValueError if a value is out
    of range or contradicts another one.
    """

    sample_rate_hz: int = 16_000
    """Hertz, at least 1."""
    hop_samples: int = 320
    """From the centre of a frame to the centre of the next; a multiple of 4."""
    lowest_hz: float = 27.5
    """Centre of the second bin, the lowest key of a piano; above 0."""
    bins_per_octave: int = 36
    """Bins in an octave, a multiple of 12."""
    bins: int = 293
    """Number of bins, at least 2; the highest one must be below half of the sample rate."""
    crossover_hz: float = 700.0
    """`level` is computed from decimated sound below this frequency."""
    low_window_samples: int = 1_024
    """Hann window of `level` below the crossover, in decimated samples; an even number."""
    high_window_samples: int = 2_048
    """Hann window of `level` above the crossover, in samples; an even number."""
    rise_window_samples: int = 1_024
    """Hann window of `rise`, in samples; an even number."""
    fft_size: int = 2_048
    """Points of the FFT of both windows of `level`, at most 65,536. `rise` uses its window's."""
    offset: float = 1e-5
    """Added to the amplitudes before the logarithm, above 0 and below 1."""

    def __post_init__(self) -> None:
        if self.sample_rate_hz < 1 or not 0 < self.lowest_hz < self.crossover_hz:
            raise ValueError("sample_rate_hz and lowest_hz must be positive, crossover_hz higher")
        if self.hop_samples < 2 * DECIMATOR_REACH or self.hop_samples % DECIMATION:
            raise ValueError(f"hop_samples must be a multiple of {DECIMATION}, 96 or more")
        if self.bins_per_octave < 1 or self.bins_per_octave % 12:
            raise ValueError("bins_per_octave must be a multiple of 12")
        windows = self.low_window_samples, self.high_window_samples, self.rise_window_samples
        if min(windows) < self.hop_samples or any(w % 2 for w in windows):
            raise ValueError("a window is an even number of samples and not shorter than a hop")
        if not max(windows) <= self.fft_size <= _LARGEST_FFT:
            raise ValueError(f"fft_size must hold every window and be at most {_LARGEST_FFT}")
        if not 2 <= self.bins <= _MOST_BINS or not 0 < self.offset < 1:  # noqa: PLR2004
            raise ValueError(f"bins must be 2..{_MOST_BINS} and offset lie between 0 and 1")
        if self.bin_hz()[-1] >= self.sample_rate_hz / 2:
            raise ValueError("the highest bin must be below half of sample_rate_hz")
        if not 0 < self.low_bins < self.bins or (
            self.crossover_hz > _DECIMATOR_CUTOFF / 2 * self.sample_rate_hz / DECIMATION
        ):
            raise ValueError("crossover_hz must split the bins and fit the decimated sound")

    def bin_hz(self) -> NDArray[np.float64]:
        """Return the centre of each bin in hertz, (bins,)."""
        octaves = (np.arange(self.bins) - 1) / self.bins_per_octave
        return np.asarray(self.lowest_hz * 2.0**octaves)

    @property
    def low_bins(self) -> int:
        """Number of bins below the crossover."""
        return int((self.bin_hz() < self.crossover_hz - _ROUNDING_HZ).sum())

    @property
    def samples_before(self) -> int:
        """Number of samples before a frame's centre that are read at once."""
        return max(self.high_window_samples, self.rise_window_samples) // 2

    @property
    def samples_after(self) -> int:
        """Number of samples from a frame's centre on that it needs: the front end's delay."""
        low = DECIMATION * (self.low_window_samples // 2 - 1) + DECIMATOR_REACH + 1
        return max(low, self.samples_before)

    def frames_in(self, samples: int) -> int:
        """Return the number of frames of a clip of `samples`: all whose centre is not past it."""
        return 0 if samples <= 0 else samples // self.hop_samples + 1


class BankPart(NamedTuple):
    """The weights of neighbouring filters, for the points of the spectrum that they use."""

    points: slice
    """The points of the spectrum."""
    filters: slice
    """The filters."""
    weights: NDArray[np.float32]
    """Weights (points, filters)."""


class Bank(NamedTuple):
    """Triangular filters."""

    parts: tuple[BankPart, ...]
    """The filters, from low to high."""

    @property
    def points_used(self) -> int:
        """Number of points of the spectrum up to the last one with a weight."""
        return int(self.parts[-1].points.stop)

    @property
    def filters(self) -> int:
        """Number of filters."""
        return int(self.parts[-1].filters.stop)

    def apply(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the filtered power (frames, filters) of spectra (frames, points).

        A frame's bits depend on its place among the frames and on their number, but not on the
        frames beside it.
        """
        filtered = np.empty((len(power), self.filters), np.float32)
        for points, filters, weights in self.parts:
            np.matmul(power[:, points], weights, out=filtered[:, filters])
        return filtered


def triangles(bin_hz: NDArray[np.float64], step_hz: float, bins_per_octave: int) -> Bank:
    """Return a triangle for each bin, down to 0 at the neighbouring bins; its highest weight is 1.

    `step_hz` is the distance of the spectrum's points. A triangle reaches at least one step to
    either side, so that it always has a point.
    """
    parts = []
    for first in range(0, len(bin_hz), _FILTERS_TOGETHER):
        centre = bin_hz[first : first + _FILTERS_TOGETHER]
        width = np.maximum(centre * (2.0 ** (1 / bins_per_octave) - 1), step_hz)
        low = max(0, int((centre - width).min() // step_hz))
        high = int((centre + width).max() // step_hz) + 1
        point_hz = np.arange(low, high + 1)[:, None] * step_hz
        weights = np.maximum(0.0, 1.0 - np.abs(point_hz - centre) / width)
        used = np.flatnonzero(weights.any(axis=1))
        weights = (weights / weights.max(axis=0))[used[0] : used[-1] + 1]
        points = slice(low + int(used[0]), low + int(used[-1]) + 1)
        filters = slice(first, first + len(centre))
        parts.append(BankPart(points, filters, weights.astype(np.float32)))
    return Bank(tuple(parts))


def hann(samples: int) -> NDArray[np.float32]:
    """Return a periodic Hann window (samples,), scaled so that a sine shows its amplitude."""
    phase = 2.0 * np.pi * np.arange(samples) / samples
    return ((0.5 - 0.5 * np.cos(phase)) / (samples / 4)).astype(np.float32)


def decimator(outputs: int) -> NDArray[np.float32]:
    """Return a low-pass and decimation as a matrix (inputs, outputs).

    Output j is centred on input `48 + 4 j`; there are `4 (outputs - 1) + 97` inputs.
    """
    reach = np.arange(-DECIMATOR_REACH, DECIMATOR_REACH + 1)
    taps = np.sinc(reach / DECIMATION * _DECIMATOR_CUTOFF) * np.kaiser(len(reach), _DECIMATOR_BETA)
    taps /= taps.sum()
    matrix = np.zeros((DECIMATION * (outputs - 1) + len(taps), outputs), np.float32)
    for output in range(outputs):
        matrix[DECIMATION * output : DECIMATION * output + len(taps), output] = taps
    return matrix
