"""Compute chunks of frames from sound, as an experiment's front end describes them."""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import dct

from daemon.hearing.log_mel import FrontEnd, LogMel
from model_build.lab.experiment import FrontEndSettings

Frames = NDArray[np.float32]

LOG_OFFSET = 0.001
"""Added to every magnitude before the logarithm, as in the daemon's front end."""
_SMALLEST_DEVIATION = 1e-6


class ChunkMaker:
    """Computes the chunks of recordings; holds the tables of one front end. Not thread-safe."""

    def __init__(self, settings: FrontEndSettings) -> None:
        self._settings = settings
        self._frames: Callable[[Frames], Frames] = _transform(settings)

    def chunks(self, samples: NDArray[np.float32]) -> Frames:
        """Return (chunks, frames, values) of samples (n,) in -1..1 at the front end's rate."""
        settings = self._settings
        made = np.stack([self._frames(part) for part in _parts(samples, settings)])
        if settings.normalisation == "clip":
            made -= made.mean()
            made /= max(float(made.std()), _SMALLEST_DEVIATION)
        return made


def log_mel_front_end(settings: FrontEndSettings) -> FrontEnd:
    """Return the daemon's front end with the mel bands of the settings."""
    return FrontEnd(
        sample_rate_hz=settings.sample_rate_hz,
        frame_seconds=settings.frame_seconds,
        hop_seconds=settings.hop_seconds,
        fft_size=settings.used_fft_size,
        bands=settings.bands,
        low_hz=settings.low_hz,
        high_hz=settings.high_hz,
        log_offset=LOG_OFFSET,
    )


def _parts(samples: NDArray[np.float32], settings: FrontEndSettings) -> list[Frames]:
    """Return the chunks of sound, spread evenly; the end of a short recording is padded."""
    length = settings.chunk_samples
    if len(samples) <= length:
        return [np.pad(samples, (0, length - len(samples)))]
    count = min(settings.most_chunks, -(-len(samples) // length))
    starts = np.linspace(0, len(samples) - length, count).round().astype(int)
    return [samples[start : start + length] for start in starts]


def _transform(settings: FrontEndSettings) -> Callable[[Frames], Frames]:
    if settings.kind == "stft":
        return lambda samples: _log_magnitudes(samples, settings)
    log_mel = LogMel(log_mel_front_end(settings))
    if settings.kind == "log-mel":
        return log_mel.frames
    return lambda samples: _cepstrum(log_mel.frames(samples), settings.coefficients)


def _cepstrum(frames: Frames, coefficients: int) -> Frames:
    """Return the first coefficients of an orthonormal DCT-II of each log-mel frame."""
    return np.asarray(dct(frames, norm="ortho", axis=1)[:, :coefficients], np.float32)


def _log_magnitudes(samples: Frames, settings: FrontEndSettings) -> Frames:
    length = settings.frame_samples
    framed = sliding_window_view(samples, length)[:: settings.hop_samples]
    phase = 2.0 * np.pi * np.arange(length) / length
    hann = (0.5 - 0.5 * np.cos(phase)).astype(np.float32)
    spectrum = np.fft.rfft(framed * hann, settings.used_fft_size)
    return np.log(np.abs(spectrum) + LOG_OFFSET).astype(np.float32)
