"""The curves of scores: ROC, precision and recall, and figures over thresholds."""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from model_build.lab.features.truth import Truth

_MOST_POINTS = 101
_GRID = np.linspace(0.0, 1.0, _MOST_POINTS)
_THRESHOLDS = np.linspace(0.0, 1.0, 51)

Scores = NDArray[np.float64]


class Curve(msgspec.Struct, frozen=True):
    """Points of a curve."""

    x: list[float]
    """Horizontal values."""
    y: list[float]
    """Vertical values."""


class ClassCurves(msgspec.Struct, frozen=True):
    """The curves of a class, or of the mean over classes."""

    name: str
    """The class; empty for the mean over the classes that have curves."""
    roc: Curve
    """True positive rate over false positive rate."""
    recall: Curve
    """Precision over recall."""


class ThresholdCurves(msgspec.Struct, frozen=True):
    """Figures of a class if it is predicted from a threshold on."""

    name: str
    """The class."""
    precision: list[float | None]
    """Precision at each threshold; None where nothing is predicted."""
    recall: list[float]
    """Recall at each threshold."""
    f1: list[float]
    """F1 at each threshold."""
    best: float
    """The threshold with the highest F1 on these very recordings."""


class _Points(NamedTuple):
    fall_out: Scores
    hits: Scores
    precision: Scores


def class_curves(truth: Truth, scores: Scores) -> list[ClassCurves]:
    """Return the mean curves, and those of each class that some recordings have and some lack.

    Empty if there is no such class.
    """
    found = []
    means = _Points(_GRID, np.zeros_like(_GRID), np.zeros_like(_GRID))
    for place, name in enumerate(truth.classes):
        known = truth.known[:, place]
        has, values = truth.has[known, place], scores[known, place]
        if not 0 < has.sum() < len(has):
            continue
        points = _points(has, values)
        means = _Points(_GRID, means.hits + points.hits, means.precision + points.precision)
        found.append(_curves(name, points))
    if not found:
        return []
    mean = _Points(_GRID, means.hits / len(found), means.precision / len(found))
    return [_curves("", mean), *found]


def threshold_curves(truth: Truth, scores: Scores) -> list[ThresholdCurves]:
    """Return the figures over the thresholds 0, 0.02, … 1 of each class that occurs."""
    found = []
    for place, name in enumerate(truth.classes):
        known = truth.known[:, place]
        has, values = truth.has[known, place], scores[known, place]
        if has.any():
            found.append(_over_thresholds(name, has, values))
    return found


def _points(has: NDArray[np.bool_], values: Scores) -> _Points:
    fall_out, hits, _ = roc_curve(has, values)
    precision, recall, _ = precision_recall_curve(has, values)
    # The highest precision at each recall.
    levels, first = np.unique(recall[::-1], return_index=True)
    return _Points(
        _GRID,
        # From the first point on, so that the curve starts as steeply as it does.
        np.interp(_GRID, fall_out, np.maximum.accumulate(hits)),
        np.interp(_GRID, levels, precision[::-1][first]),
    )


def _curves(name: str, points: _Points) -> ClassCurves:
    return ClassCurves(
        name,
        Curve([0.0, *_short(_GRID)], [0.0, *_short(points.hits)]),
        Curve(_short(_GRID), [*_short(points.precision)]),
    )


def _over_thresholds(name: str, has: NDArray[np.bool_], values: Scores) -> ThresholdCurves:
    decided = values[:, None] >= _THRESHOLDS
    hits = (decided & has[:, None]).sum(axis=0)
    made = decided.sum(axis=0)
    f1 = 2.0 * hits / (made + has.sum())
    return ThresholdCurves(
        name,
        [round(h / m, 3) if m else None for h, m in zip(hits.tolist(), made.tolist(), strict=True)],
        _short(hits / has.sum()),
        _short(f1),
        round(float(_THRESHOLDS[f1.argmax()]), 2),
    )


def _short(values: Scores) -> list[float]:
    return [round(float(value), 3) for value in values]
