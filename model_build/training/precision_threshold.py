"""Choose a family's threshold by the precision it reaches."""

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 0.05, 0.95  # bounds of a threshold
FEWEST_DETECTIONS = 5


def threshold_for_precision(
    scores: NDArray[np.float64], labels: NDArray[np.uint8], precision: float
) -> float:
    """Return the lowest threshold, within 0.05 .. 0.95, that reaches the precision.

    If none does, return the one with the best F0.5, which weights precision more than recall. A
    threshold must detect at least five windows. Scores and labels are (n,).
    """
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(labels[order])
    reached = right / np.arange(1, len(order) + 1)
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    possible = np.flatnonzero(
        last_of_equals
        & (np.arange(1, len(order) + 1) >= min(FEWEST_DETECTIONS, len(order)))
        & (scores[order] >= LOWEST)
    )
    good = possible[reached[possible] >= precision]
    if len(good):
        threshold = float(scores[order][good[-1]])
    elif len(possible):
        recall = right / max(1, int(right[-1]))
        f_half = 1.25 * reached * recall / np.maximum(0.25 * reached + recall, 1e-9)
        threshold = float(scores[order][possible[np.argmax(f_half[possible])]])
    else:
        threshold = HIGHEST
    return min(max(threshold, LOWEST), HIGHEST)
