"""Compute log-mel frames of 16 kHz mono sound in pure NumPy, for the daemon and for training.

A frame has the same bits whether its sound comes as a whole clip or in pieces.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Limits the scratch memory to half a megabyte; one second of sound with the default hop.
_FRAMES_AT_ONCE = 100

# Limits the memory that a number in a model file can make us allocate.
_LARGEST_FFT = 65_536
_NUMPY_2 = int(np.__version__.partition(".")[0]) >= 2  # noqa: PLR2004


class FrontEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of the log-mel front end, stored in the model file. The defaults are YAMNet's.

    Raises ValueError if a value is out of range or contradicts another one.
    """

    sample_rate_hz: int = 16_000
    """Hertz, at least 1."""
    frame_seconds: float = 0.025
    """Length of a frame, above 0 and at most 1; at most `fft_size` samples."""
    hop_seconds: float = 0.010
    """From the start of a frame to the start of the next, above 0 and at most 1."""
    fft_size: int = 512
    """Samples of a zero-padded frame, at most 65,536."""
    bands: int = 64
    """Number of mel bands, at least 1."""
    low_hz: float = 125.0
    """Lower edge of the lowest band, 0 or more and below `high_hz`."""
    high_hz: float = 7_500.0
    """Upper edge of the highest band, at most half of `sample_rate_hz`."""
    log_offset: float = 0.001
    """Added to every band before the logarithm, between 0 and 1."""

    def __post_init__(self) -> None:
        if not (0 < self.frame_seconds <= 1 and 0 < self.hop_seconds <= 1):
            raise ValueError("frame_seconds and hop_seconds must lie between 0 and 1")
        if self.sample_rate_hz < 1 or self.bands < 1 or self.hop_samples < 1:
            raise ValueError("sample_rate_hz, bands and hop_seconds must be positive")
        if not 1 <= self.frame_samples <= self.fft_size <= _LARGEST_FFT:
            raise ValueError(
                "frame_seconds must give between 1 and fft_size samples, "
                f"fft_size be at most {_LARGEST_FFT}"
            )
        if not 0 <= self.low_hz < self.high_hz <= self.sample_rate_hz / 2:
            raise ValueError("0 <= low_hz < high_hz <= sample_rate_hz / 2 does not hold")
        if not 0 < self.log_offset < 1:
            raise ValueError("log_offset must lie between 0 and 1")

    @property
    def frame_samples(self) -> int:
        """Number of samples in a frame."""
        return round(self.frame_seconds * self.sample_rate_hz)

    @property
    def hop_samples(self) -> int:
        """Number of samples from the start of a frame to the start of the next."""
        return round(self.hop_seconds * self.sample_rate_hz)

    def samples_under(self, frames: int) -> int:
        """Return the length of the sound under successive frames, in samples."""
        return (frames - 1) * self.hop_samples + self.frame_samples

    def frames_in(self, samples: int) -> int:
        """Return the number of whole frames in `samples` samples; the end is not padded."""
        return max(0, 1 + (samples - self.frame_samples) // self.hop_samples)


def mel_matrix(front_end: FrontEnd) -> NDArray[np.float32]:
    """Return triangular mel filters (fft_size / 2 + 1, bands), linear in mel.

    Their peak is 1, and their weight at 0 Hz is 0. The mel scale is HTK's, as in Hershey et al.,
    "CNN Architectures for Large-Scale Audio Classification" (2017), whose features YAMNet shares.
    """

    def mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = 1127.0 * np.log1p(hz / 700.0)
        return scaled

    bins = mel(np.linspace(0.0, front_end.sample_rate_hz / 2, front_end.fft_size // 2 + 1))
    low, high = mel(np.array([front_end.low_hz, front_end.high_hz]))
    edges = np.linspace(low, high, front_end.bands + 2)
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    matrix: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    matrix[0] = 0.0
    return matrix.astype(np.float32)


class LogMel:
    """Computes log-mel frames; holds the tables and the scratch memory of one front end.

    Not thread-safe, because all calls share the scratch memory.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        self.front_end = front_end
        rows = _FRAMES_AT_ONCE
        bins = front_end.fft_size // 2 + 1
        # A periodic Hann window, as usual for an STFT: the cosine's period is the frame.
        phase = 2.0 * np.pi * np.arange(front_end.frame_samples) / front_end.frame_samples
        self._hann = (0.5 - 0.5 * np.cos(phase)).astype(np.float32)
        self._mel = mel_matrix(front_end)
        self._log_offset = np.float32(front_end.log_offset)
        self._padded = np.zeros((rows, front_end.fft_size), np.float32)
        self._spectrum = np.empty((rows, bins), np.complex64)
        self._magnitude = np.empty((rows, bins), np.float32)
        self._bands = np.empty((rows, front_end.bands), np.float32)

    def frames(
        self, samples: NDArray[np.float32], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return the log-mel of every whole frame, (frames, bands), of (n,) samples in -1..1.

        If `out` is given, it must have exactly that shape; the frames are written to it.
        """
        count = self.front_end.frames_in(len(samples))
        if out is None:
            out = np.empty((count, self.front_end.bands), np.float32)
        if count:
            hop = self.front_end.hop_samples
            framed = sliding_window_view(samples, self.front_end.frame_samples)[::hop]
            for start in range(0, count, len(self._padded)):
                self._some_frames(framed[start : start + len(self._padded)], out[start:])
        return out

    def _some_frames(self, framed: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        count = len(framed)
        padded, magnitude = self._padded[:count], self._magnitude[:count]
        np.multiply(framed, self._hann, out=padded[:, : len(self._hann)])
        parts = self._transform(padded).view(np.float32)
        np.multiply(parts, parts, out=parts)
        np.add(parts[:, 0::2], parts[:, 1::2], out=magnitude)
        np.sqrt(magnitude, out=magnitude)
        # One product per frame: in a product of all frames, BLAS may round a row differently
        # depending on its neighbours and position. Streaming would no longer give the same bits.
        bands = self._bands[:count]
        np.matmul(magnitude[:, None, :], self._mel, out=bands[:, None, :])
        np.add(bands, self._log_offset, out=bands)
        np.log(bands, out=out[:count])

    def _transform(self, padded: NDArray[np.float32]) -> NDArray[np.complex64]:
        if _NUMPY_2:
            # Some versions' type stubs declare double precision only; float32 stays float32.
            rfft: Any = np.fft.rfft
            spectrum: NDArray[np.complex64] = rfft(padded, out=self._spectrum[: len(padded)])
            return spectrum
        return np.fft.rfft(padded).astype(np.complex64)


class LogMelStream:
    """Computes the log-mel frames of successive windows, reusing those of the window before.

    Windows may overlap, leave gaps, or start at any sample. Frames are reused where two windows
    overlap by whole hops; all others are computed. Up to `history_frames` frames before a window
    are kept if its sound continues that of the window before.
    """

    def __init__(self, front_end: FrontEnd, window_samples: int, history_frames: int = 0) -> None:
        self.window_frames = front_end.frames_in(window_samples)
        """Frames of a window."""
        self.history_frames = history_frames
        """The most frames that are kept before a window."""
        self.frames_before = 0
        """The number of frames known before the newest window, at most `history_frames`."""
        self._log_mel = LogMel(front_end)
        self._hop = front_end.hop_samples
        self._window_samples = window_samples
        rows = history_frames + self.window_frames
        self._frames = np.empty((rows, front_end.bands), np.float32)
        # The end of the newest window, where the frames between it and an adjacent window begin.
        self._rest = np.empty(max(0, window_samples - self.window_frames * self._hop), np.float32)
        self._start: int | None = None

    def forget(self) -> None:
        """Reuse no frames for the next window, because it belongs to other sound."""
        self._start = None

    def update(self, samples: NDArray[np.float32], start_sample: int) -> NDArray[np.float32]:
        """Return the frames (n, bands) of the window that begins at `start_sample` of the source.

        The next call overwrites the array. Raises ValueError if `samples` has another length than
        a window.
        """
        if len(samples) != self._window_samples:
            raise ValueError(f"a window has {self._window_samples} samples, not {len(samples)}")
        kept = self._keep(samples, start_sample)
        window = self._frames[self.history_frames :]
        self._log_mel.frames(samples[kept * self._hop :], out=window[kept:])
        self._rest[:] = samples[len(samples) - len(self._rest) :]
        self._start = start_sample
        return window

    def recent(self) -> NDArray[np.float32]:
        """Return the frames of the newest window, preceded by the `frames_before` before it."""
        return self._frames[self.history_frames - self.frames_before :]

    def _keep(self, samples: NDArray[np.float32], start_sample: int) -> int:
        """Move the known frames to their new places; return how many are in the window."""
        before, self.frames_before = self.frames_before, 0
        if self._start is None or start_sample < self._start:
            return 0
        shift, off_grid = divmod(start_sample - self._start, self._hop)
        if off_grid or start_sample > self._start + self._window_samples:
            return 0
        missing = shift - self.window_frames
        if missing > 0:
            between = self._between(samples, self._start, start_sample, missing)
            between = between[max(0, missing - self.history_frames) :]
            old = self.history_frames - len(between)
            self._frames[:old] = self._frames[len(self._frames) - old :]
            self._frames[old : self.history_frames] = between
        elif shift:
            self._frames[:-shift] = self._frames[shift:]
        self.frames_before = min(self.history_frames, before + shift)
        return max(0, -missing)

    def _between(
        self, samples: NDArray[np.float32], last_start: int, start_sample: int, count: int
    ) -> NDArray[np.float32]:
        """Return the `count` frames that begin after the last window's frames and before these."""
        first = last_start + self.window_frames * self._hop
        missing = (count - 1) * self._hop + self._log_mel.front_end.frame_samples
        from_new = max(first, last_start + self._window_samples) - start_sample
        end = first + missing - start_sample
        return self._log_mel.frames(np.concatenate([self._rest, samples[from_new:end]]))
