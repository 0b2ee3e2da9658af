"""Spans of about 30 s of music, each with the tempograms of what was heard in it."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.beats import tempogram
from daemon.practice.beats.bar_pointer import beat_tempi
from daemon.practice.beats.onset_strength import FRAMES_PER_SECOND

SPAN_SECONDS = 30.0
"""The duration of a span; a shorter recording is one span."""
SPAN_FRAMES = round(SPAN_SECONDS * FRAMES_PER_SECOND)
"""The same in frames of the onset strength."""

# Beats may leave the tempo of the tempogram by about this factor, in octaves.
_TEMPO_OCTAVES = 0.15


class Span:
    """The tempograms of onset strength (n,) and beat activation (n,), 100 values a second."""

    def __init__(self, strength: NDArray[np.float64], activation: NDArray[np.float64]) -> None:
        self.of_strength = tempogram.autocorrelation(strength)
        """Autocorrelation (641,) of the onset strength."""
        self.of_activation = tempogram.autocorrelation(activation)
        """Autocorrelation (641,) of the activation."""
        self.onsets = tempogram.tempogram(strength, self.of_strength)
        """Tempogram (m,) of the onset strength."""
        beats = tempogram.tempogram(activation, self.of_activation)
        self.product = _relative(self.onsets) * _relative(beats)
        """Product (m,) of the tempograms of both, each relative to its maximum."""
        self.guess_bpm = tempogram.likely_bpm(self.product)
        """The most likely tempo."""

    @property
    def preferences(self) -> NDArray[np.float64]:
        """Log-probability (k,) of each of `beat_tempi`, close to the most likely tempo."""
        octaves = np.log2(beat_tempi() / self.guess_bpm) / _TEMPO_OCTAVES
        weights: NDArray[np.float64] = -0.5 * octaves**2
        return weights


def spans(strength: NDArray[np.float64], activation: NDArray[np.float64]) -> list[Span]:
    """Return the spans of onset strength (n,) and activation (n,).

    The last one is between 15 s and 45 s long.
    """
    frames = len(strength)
    count = max(1, round(frames / SPAN_FRAMES))
    ends = [*(SPAN_FRAMES * k for k in range(1, count)), frames]
    starts = [0, *ends[:-1]]
    return [
        Span(strength[start:end], activation[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]


def _relative(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values (m,) divided by the largest; 0 where all are."""
    return values / max(float(values.max()), 1e-12)
