"""What speaks for a steady tempo."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.practice.beats import tempogram
from daemon.practice.beats.spans import Span

FIGURES = 7
"""How many figures `evidence` returns."""


def evidence(
    spans: Sequence[Span],
    activation: NDArray[np.float64],
    found: NDArray[np.int64],
    beats_seconds: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return figures (FIGURES,), about 0..1, that speak for a steady tempo.

    They are the regularity of the onset strength and of the `activation` (n,) at the gap of the
    beats, the height of the product of their tempograms there, the maximum of the tempogram of the
    onset strength, the mean of the activation at the beats `found` (b,), its standard deviation,
    and the evenness of the gaps. The first four are means over the spans.
    """
    gaps = np.diff(beats_seconds)
    gap = float(np.median(gaps))
    bpm = 60.0 / gap
    figures = [
        (
            max(0.0, tempogram.regularity(span.of_strength, bpm)),
            max(0.0, tempogram.regularity(span.of_activation, bpm)),
            float(np.interp(bpm, tempogram.TEMPI_BPM, span.product)),
            float(np.sqrt(max(0.0, span.onsets.max()))),
        )
        for span in spans
    ]
    spread = float(np.median(np.abs(gaps - gap)) / gap)
    around = np.stack([activation[np.clip(found + k, 0, len(activation) - 1)] for k in (-1, 0, 1)])
    at_beats = float(around.max(axis=0).mean())
    rest = (at_beats, float(activation.std()), float(np.exp(-10.0 * spread)))
    return np.array([*np.mean(figures, axis=0), *rest])


def confidence(figures: NDArray[np.float64], weights: NDArray[np.float32]) -> float:
    """Return the probability 0..1 of a steady tempo, of figures (f,) and their weights (f + 1,)."""
    score = float(np.append(figures, 1.0) @ weights)
    return float(1.0 / (1.0 + np.exp(-score)))
