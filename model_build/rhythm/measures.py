"""Measures of tempo, beats and swells."""

from collections.abc import Sequence

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
