"""Find the steady partials of the sound, which say how the instrument is tuned."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.spectrum import HZ_PER_BIN, SpectrumStream

# Lower peaks are too wide to be exact; higher partials of strings are sharp.
_LOWEST_HZ, _HIGHEST_HZ = 70.0, 1_300.0
_FIRST_BIN, _LAST_BIN = int(_LOWEST_HZ / HZ_PER_BIN), int(_HIGHEST_HZ / HZ_PER_BIN)
_LEAST_OF_LOUDEST = 0.02  # magnitude of a peak, relative to the frame's largest
_SILENT_MAGNITUDE = 1e-5
_STEADY_CENTS = 6.0

# Lines of mains hum are no notes. Their frequency is exact and does not follow a tuning.
_MAINS_HZ = np.union1d(np.arange(1, 15) * 50.0, np.arange(1, 12) * 60.0)
_MAINS = 1200.0 * np.log2(_MAINS_HZ / 440.0)
_MAINS_CENTS = 4.0


class SteadyPeaks(NamedTuple):
    """Where the steady peaks of successive frames lie in the semitone; every hop of the spectra."""

    direction: NDArray[np.complex128]
    """Mean (frames,) of a unit circle that stands for a semitone; 0 degrees is A4 = 440 Hz."""
    strength: NDArray[np.float64]
    """Summed weight (frames,) of the peaks; 0 without a steady peak."""
    loudness: NDArray[np.float64]
    """Largest magnitude (frames,) of the frame's spectrum."""


class _Peaks(NamedTuple):
    """The peaks of a frame, (n,) each."""

    cents: NDArray[np.float64]
    weight: NDArray[np.float64]
    loudness: float


class SteadyPeakStream:
    """Finds peaks that stay in place for two frames; a stream has the same bits as a recording."""

    def __init__(self) -> None:
        self._spectra = SpectrumStream()
        self._newest: _Peaks | None = None
        self._steady_before: NDArray[np.bool_] = np.empty(0, bool)

    def push(self, samples: NDArray[np.float32]) -> SteadyPeaks:
        """Return the frames that (n,) further 16 kHz samples complete, one frame later."""
        return self.push_spectra(self._spectra.push(samples))

    def push_spectra(self, spectra: NDArray[np.float32]) -> SteadyPeaks:
        """Return the frames that further spectra (frames, BINS) complete, one frame later.

        For callers with a SpectrumStream of their own; not to be mixed with `push`.
        """
        found = [self._next(peaks) for peaks in _peaks_of(spectra)]
        return _stacked([frame for frame in found if frame is not None])

    def finish(self) -> SteadyPeaks:
        """Return the last frame, if there is one; samples after it are too few for a frame."""
        last = self._next(None)
        return _stacked([] if last is None else [last])

    def _next(self, peaks: _Peaks | None) -> tuple[complex, float, float] | None:
        """Return the frame before `peaks`, whose successor is now known; None if there is none."""
        before, self._newest = self._newest, peaks
        is_steady = self._steady_before
        self._steady_before = np.zeros(0 if peaks is None else len(peaks.cents), bool)
        if before is None:
            return None
        if peaks is not None:
            apart = np.abs(before.cents[:, None] - peaks.cents) < _STEADY_CENTS
            is_steady |= apart.any(axis=1)
            self._steady_before |= apart.any(axis=0)
        weight = before.weight[is_steady]
        total = float(weight.sum())
        if not total:
            return 0j, 0.0, before.loudness
        turns = np.exp(2j * np.pi * before.cents[is_steady] / 100.0)
        return complex((weight * turns).sum() / total), total, before.loudness


def _peaks_of(spectra: NDArray[np.float32]) -> list[_Peaks]:
    """Return the peaks of each of the spectra (frames, BINS)."""
    if not len(spectra):
        return []
    magnitude = spectra[:, _FIRST_BIN - 1 : _LAST_BIN + 2]
    middle = magnitude[:, 1:-1]
    loudest = middle.max(axis=1)
    least = np.maximum(_LEAST_OF_LOUDEST * loudest, _SILENT_MAGNITUDE)
    is_peak = (middle > magnitude[:, :-2]) & (middle >= magnitude[:, 2:])
    is_peak &= middle > least[:, None]
    frame, place = np.nonzero(is_peak)
    around = magnitude[frame[:, None], place[:, None] + np.arange(3)].astype(np.float64)
    left, at, right = np.log(around + 1e-12).T
    curvature = np.minimum(left - 2.0 * at + right, -1e-9)
    shift = np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)
    hz = (place + _FIRST_BIN + shift) * HZ_PER_BIN
    cents = 1200.0 * np.log2(hz / 440.0)
    is_kept = np.abs(cents[:, None] - _MAINS).min(axis=1, initial=np.inf) > _MAINS_CENTS
    # The root of the magnitude over that of the frequency: no partial outweighs the others.
    weight = np.sqrt(np.exp(at) * 100.0 / hz)
    ends = np.cumsum(np.bincount(frame, is_kept, minlength=len(spectra))).astype(np.intp)[:-1]
    parts = (np.split(values[is_kept], ends) for values in (cents, weight))
    return [_Peaks(*same) for same in zip(*parts, loudest.tolist(), strict=True)]


def steady_peaks(samples: NDArray[np.float32]) -> SteadyPeaks:
    """Return the steady peaks of a recording, (n,) samples at 16 kHz."""
    stream = SteadyPeakStream()
    parts = zip(stream.push(samples), stream.finish(), strict=True)
    return SteadyPeaks(*(np.concatenate(both) for both in parts))


def _stacked(frames: list[tuple[complex, float, float]]) -> SteadyPeaks:
    directions, strengths, loudness = zip(*frames, strict=True) if frames else ((), (), ())
    return SteadyPeaks(np.array(directions, complex), np.array(strengths), np.array(loudness))
