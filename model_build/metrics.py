"""Figures of merit from scores and what was really playing; pure arithmetic."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]


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
