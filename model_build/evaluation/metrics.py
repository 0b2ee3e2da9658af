"""Figures of merit from scores and what was really playing; pure arithmetic."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]

CALIBRATION_BINS = 15


def right_by_family(
    scores: Scores,
    families: Sequence[str],
    labels: Sequence[str],
    accepts: Sequence[Sequence[str]],
) -> dict[str, float]:
    """Share of clips of each label, sorted, whose highest score's family is accepted.

    `scores` is (clips, families); a label stands for the clip's family.
    """
    right: dict[str, list[bool]] = defaultdict(list)
    for best, label, accepted in zip(np.argmax(scores, axis=1), labels, accepts, strict=True):
        right[label].append(families[best] in accepted)
    return {label: float(np.mean(right[label])) for label in sorted(right)}


def area_under_roc(positive: Scores, negative: Scores) -> float:
    """Probability that a positive's score, of (n,), lies above a negative's, of (m,); ties half.

    Mann and Whitney, "On a test of whether one of two random variables is stochastically larger
    than the other" (1947).
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float(np.mean(below + not_above) / (2.0 * len(negative)))


def micro_f1(detected: NDArray[np.bool_], playing: NDArray[np.bool_]) -> float:
    """F1 over all decisions, both (windows, families); 0 where nothing is right."""
    hits = int(np.sum(detected & playing))
    return 2.0 * hits / max(1, int(np.sum(detected)) + int(np.sum(playing)))


class Bin(NamedTuple):
    """Clips of about equal scores: how many, their mean score, and the share that is right."""

    clips: int
    score: float
    right: float


def reliability(
    scores: Scores, right: NDArray[np.bool_], bins: int = CALIBRATION_BINS
) -> list[Bin]:
    """Bins of equal mass from low to high score; scores and what is right are (n,).

    Nguyen and O'Connor, "Posterior calibration and exploratory analysis for natural language
    processing models" (2015).
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
    """Expected calibration error: by how much a score and the share that is right differ.

    Guo et al., "On calibration of modern neural networks" (2017), in bins of equal mass.
    """
    found = reliability(scores, right, bins)
    return sum(b.clips * abs(b.score - b.right) for b in found) / max(1, len(scores))


def weakest(
    shares: Mapping[str, float], counts: Mapping[str, int], fewest: int
) -> tuple[str, float] | None:
    """The label of the smallest share among those with at least so many clips, and that share."""
    enough = {label: share for label, share in shares.items() if counts[label] >= fewest}
    return min(enough.items(), key=lambda item: item[1]) if enough else None


class Curve(NamedTuple):
    """Points of a curve from left to right."""

    x: list[float]
    y: list[float]


def roc(positive: Scores, negative: Scores) -> Curve:
    """The share of negatives (x) and of positives (y) that each threshold lets through."""
    passed_negative, passed_positive = _passed(positive, negative)
    x = [0.0, *(passed_negative / max(1, len(negative)))]
    return Curve([float(v) for v in x], [0.0, *map(float, passed_positive / len(positive))])


def precision_recall(positive: Scores, negative: Scores) -> Curve:
    """Recall (x) and precision (y) of each threshold."""
    passed_negative, passed_positive = _passed(positive, negative)
    precision = passed_positive / (passed_positive + passed_negative)
    return Curve([float(v) for v in passed_positive / len(positive)], [float(v) for v in precision])


def average_precision(positive: Scores, negative: Scores) -> float:
    """Area under precision and recall as a staircase, without interpolation."""
    curve = precision_recall(positive, negative)
    return float(np.sum(np.diff([0.0, *curve.x]) * np.array(curve.y)))


def _passed(positive: Scores, negative: Scores) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many negatives and positives reach each different score, from the highest on."""
    thresholds = np.unique(np.concatenate([positive, negative]))[::-1]
    return (
        len(negative) - np.searchsorted(np.sort(negative), thresholds, side="left"),
        len(positive) - np.searchsorted(np.sort(positive), thresholds, side="left"),
    )
