"""The times of beats, more exact than the frames in which they were found."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.beats.onset_strength import FRAMES_PER_SECOND

# The strength peaks this long after the start of its frame when a click sounds.
_FRAME_SECONDS = 0.0135
_REACH_FRAMES = 3
# The strength of the weakest onset that can begin or end a row of beats.
_AUDIBLE_STRENGTH = 0.5


def between_onsets(found: NDArray[np.int64], strength: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the beats `found` (b,) from the first to the last audible onset.

    `strength` (n,) is the onset strength at the beats' 50 frames a second. Silence has no beats.
    """
    audible = np.flatnonzero(strength >= _AUDIBLE_STRENGTH)
    if not len(audible):
        return found[:0]
    kept: NDArray[np.int64] = found[(found >= audible[0] - 1) & (found <= audible[-1] + 1)]
    return kept


def refined(found: NDArray[np.int64], strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return beats in seconds (b,): the peak of the strength (n,) close to each, between frames."""
    beats = np.empty(len(found))
    for row, frame in enumerate(2 * found):
        first = max(1, frame - _REACH_FRAMES)
        near = strength[first : frame + _REACH_FRAMES + 2]
        at = float(frame)
        if len(near) and near.max() >= _AUDIBLE_STRENGTH:
            at = _vertex(strength, first + int(near.argmax()))
        beats[row] = at / FRAMES_PER_SECOND + _FRAME_SECONDS
    return beats


def _vertex(values: NDArray[np.float64], peak: int) -> float:
    """Return the place of the top of the parabola through the values around `peak`."""
    if not 0 < peak < len(values) - 1:
        return float(peak)
    left, middle, right = values[peak - 1 : peak + 2]
    curvature = left - 2.0 * middle + right
    if curvature >= 0.0:
        return float(peak)
    return peak + float(np.clip(0.5 * (left - right) / curvature, -0.5, 0.5))
