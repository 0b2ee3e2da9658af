"""Spectra of long frames, which tell neighbouring semitones apart from the bass upwards."""

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ

FRAME_SAMPLES = 8_192
HOP_SAMPLES = 4_096
HOP_SECONDS = HOP_SAMPLES / SAMPLE_RATE_HZ
HZ_PER_BIN = SAMPLE_RATE_HZ / FRAME_SAMPLES
BINS = 960
"""Bins of a spectrum, from 0 Hz to 1 873 Hz."""


class SpectrumStream:
    """Magnitude spectra of a stream; they have the same bits as those of a recording."""

    def __init__(self, hop_samples: int = HOP_SAMPLES) -> None:
        self._hop = hop_samples
        phase = 2.0 * np.pi * np.arange(FRAME_SAMPLES) / FRAME_SAMPLES
        # Scaled so that a sine has the magnitude of its amplitude.
        self._hann = ((0.5 - 0.5 * np.cos(phase)) * (4.0 / FRAME_SAMPLES)).astype(np.float32)
        self._rest: NDArray[np.float32] = np.empty(0, np.float32)

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the spectra (frames, BINS) that (n,) further 16 kHz samples complete.

        Frame k begins at sample k times the hop.
        """
        sound = np.concatenate([self._rest, samples])
        count = max(0, 1 + (len(sound) - FRAME_SAMPLES) // self._hop)
        spectra = np.empty((count, BINS), np.float32)
        for number, start in enumerate(range(0, count * self._hop, self._hop)):
            frame = sound[start : start + FRAME_SAMPLES] * self._hann
            spectra[number] = np.abs(np.fft.rfft(frame)[:BINS])
        self._rest = sound[count * self._hop :].copy()
        return spectra
