"""ROC and precision-recall curves of one family's scores."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.evaluation.metrics import Scores


class Curve(NamedTuple):
    """The points of a curve from left to right, both coordinates in 0..1."""

    x: list[float]
    """Horizontal coordinates."""
    y: list[float]
    """Vertical coordinates."""


def roc(positive: Scores, negative: Scores) -> Curve:
    """Return the false positive rate (x) and the true positive rate (y) of each threshold."""
    passed_negative, passed_positive = _passed(positive, negative)
    x = [0.0, *(passed_negative / max(1, len(negative)))]
    return Curve([float(v) for v in x], [0.0, *map(float, passed_positive / len(positive))])


def precision_recall(positive: Scores, negative: Scores) -> Curve:
    """Return the recall (x) and the precision (y) of each threshold."""
    passed_negative, passed_positive = _passed(positive, negative)
    precision = passed_positive / (passed_positive + passed_negative)
    return Curve([float(v) for v in passed_positive / len(positive)], [float(v) for v in precision])


def average_precision(positive: Scores, negative: Scores) -> float:
    """Return the area under the precision-recall curve, without interpolation."""
    curve = precision_recall(positive, negative)
    return float(np.sum(np.diff([0.0, *curve.x]) * np.array(curve.y)))


def _passed(positive: Scores, negative: Scores) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many negatives and positives reach each distinct score, highest score first."""
    thresholds = np.unique(np.concatenate([positive, negative]))[::-1]
    return (
        len(negative) - np.searchsorted(np.sort(negative), thresholds, side="left"),
        len(positive) - np.searchsorted(np.sort(positive), thresholds, side="left"),
    )
