"""Measure whether scores are probabilities: reliability and calibration error."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.evaluation.metrics import Scores

CALIBRATION_BINS = 15


class Bin(NamedTuple):
    """Clips with similar scores."""

    clips: int
    """Number of clips."""
    score: float
    """Their mean score, 0..1."""
    right: float
    """Share of them that are right, 0..1."""


def reliability(
    scores: Scores, right: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> list[Bin]:
    """Return bins of about equally many clips, from low to high score.

    `scores` and `right` are (clips,). Nguyen and O'Connor, "Posterior calibration and exploratory
    analysis for natural language processing models" (2015).
    """
    order = np.argsort(scores, kind="stable")
    return [
        Bin(len(some), float(np.mean(scores[some])), float(np.mean(right[some])))
        for some in np.array_split(order, bins)
        if len(some)
    ]


def calibration_error(
    scores: Scores, right: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> float:
    """Return the expected calibration error: the mean of |score - share right| over clips.

    Guo et al., "On calibration of modern neural networks" (2017), with bins of equal size.
    """
    found = reliability(scores, right, bins)
    return sum(b.clips * abs(b.score - b.right) for b in found) / max(1, len(scores))
