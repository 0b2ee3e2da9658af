"""Measures of tempo, beats and swells, and the interval of their mean."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.dynamics import Swell

RATIOS = (1.0, 2.0, 3.0, 1 / 2, 1 / 3)
"""Tempi that count as right when another way of counting is allowed, relative to the true one."""

_TOLERANCE = 0.04
_BEAT_SECONDS = 0.07
# Annotators, like listeners, need a moment to find the beat.
_LEFT_OUT_SECONDS, _LONG_SECONDS = 1.0, 6.0
_COVERED = 0.5
_RESAMPLINGS, _SEED = 2_000, 0


class Row(NamedTuple):
    """One figure of a table."""

    figure: str
    """What was measured."""
    value: float
    """Its mean over the recordings."""
    n: int
    """Number of recordings."""
    low: float
    """Lower end of the 95 % interval over sources."""
    high: float
    """Upper end."""


def is_near(bpm: float | None, true_bpm: float, ratios: Sequence[float] = (1.0,)) -> bool:
    """Return whether a tempo is within 4 % of the true one, or of a multiple in `ratios`."""
    return bpm is not None and any(
        abs(bpm - k * true_bpm) <= _TOLERANCE * k * true_bpm for k in ratios
    )


def beats_f_measure(found: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Return the F measure of beats (b,) against annotated ones (a,), in seconds, within 70 ms.

    Davies, Degara and Plumbley, "Evaluation Methods for Musical Audio Beat Tracking Algorithms"
    (2009). The first second is left out if there are annotated beats after 6 s.
    """
    first = _LEFT_OUT_SECONDS if true[-1] > _LONG_SECONDS else 0.0
    found, true = found[found >= first], true[true >= first]
    matches, row = 0, 0
    for beat in true:
        while row < len(found) and found[row] < beat - _BEAT_SECONDS:
            row += 1
        if row < len(found) and found[row] <= beat + _BEAT_SECONDS:
            matches += 1
            row += 1
    return 2.0 * matches / (len(found) + len(true)) if len(found) else 0.0


def covered(marked: Sequence[Swell], found: Sequence[Swell]) -> float:
    """Return the share of the marked swells that those found cover by at least half."""
    return float(np.mean([_overlap(swell, found) >= _COVERED for swell in marked]))


def _overlap(marked: Swell, found: Sequence[Swell]) -> float:
    seconds = sum(
        max(
            0.0,
            min(marked.end_seconds, swell.end_seconds)
            - max(marked.start_seconds, swell.start_seconds),
        )
        for swell in found
        if swell.label == marked.label
    )
    return seconds / (marked.end_seconds - marked.start_seconds)


def row(figure: str, values: Sequence[float], sources: Sequence[str]) -> Row:
    """Return the mean of values and its interval, from resampled sources (the same length)."""
    by_source: dict[str, list[float]] = defaultdict(list)
    for value, source in zip(values, sources, strict=True):
        by_source[source].append(value)
    sums = np.array([sum(group) for group in by_source.values()])
    counts = np.array([len(group) for group in by_source.values()])
    drawn = np.random.default_rng(_SEED).integers(len(sums), size=(_RESAMPLINGS, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Row(figure, float(np.mean(values)), len(values), float(low), float(high))
