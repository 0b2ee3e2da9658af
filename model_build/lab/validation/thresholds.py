"""The score from which each class is predicted, chosen on out-of-fold scores."""

import numpy as np
from numpy.typing import NDArray

from model_build.lab.features.truth import Truth
from model_build.lab.validation.metrics import Scores


def best_thresholds(truth: Truth, scores: Scores, default: float) -> list[float]:
    """Return the threshold of each class with the highest F1 on scores (recordings, classes).

    It is halfway between two scores that occur. Of equally good ones the highest is chosen. A class
    that no recording has, or all have, gets `default`.
    """
    return [
        _best(
            truth.has[truth.known[:, place], place], scores[truth.known[:, place], place], default
        )
        for place in range(len(truth.classes))
    ]


def _best(has: NDArray[np.bool_], scores: Scores, default: float) -> float:
    if has.all() or not has.any():
        return default
    levels, places = np.unique(scores, return_inverse=True)
    # From the highest level down: recordings at or above it that have the class, and all.
    hits = np.cumsum(np.bincount(places, has, len(levels))[::-1])
    made = np.cumsum(np.bincount(places, minlength=len(levels))[::-1])
    best = int(np.argmax(2.0 * hits / (made + has.sum())))
    levels = np.append(levels[::-1], 0.0)
    return float((levels[best] + levels[best + 1]) / 2.0)
