"""Metrics of scores against the truth; pure arithmetic."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]

_NORMAL_95 = 1.959964  # the standard deviations that hold 95 % of a normal distribution


def right_by_family(
    scores: Scores,
    families: Sequence[str],
    labels: Sequence[str],
    accepts: Sequence[Sequence[str]],
) -> dict[str, float]:
    """Return the share of clips, by label, whose highest score belongs to an accepted family.

    `scores` is (clips, families); `labels` and `accepts` hold each clip's family and the families
    that count as right for it. The labels of the result are sorted.
    """
    right: dict[str, list[bool]] = defaultdict(list)
    for best, label, accepted in zip(np.argmax(scores, axis=1), labels, accepts, strict=True):
        right[label].append(families[best] in accepted)
    return {label: float(np.mean(right[label])) for label in sorted(right)}


def area_under_roc(positive: Scores, negative: Scores) -> float:
    """Return the probability that a positive has a higher score than a negative; ties count half.

    `positive` is (n,), `negative` is (m,). Mann and Whitney, "On a test of whether one of two
    random variables is stochastically larger than the other" (1947).
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float(np.mean(below + not_above) / (2.0 * len(negative)))


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """Return the confidence interval (95 %) of a share that was observed in `count` trials.

    Wilson, "Probable inference, the law of succession, and statistical inference" (1927). It
    stays within 0..1 and holds for few trials, too. `count` must be positive.
    """
    spread = _NORMAL_95**2 / count
    centre = (share + spread / 2.0) / (1.0 + spread)
    half = _NORMAL_95 * math.sqrt(share * (1.0 - share) / count + spread / (4.0 * count))
    half /= 1.0 + spread
    return max(0.0, centre - half), min(1.0, centre + half)


def micro_f1(detected: NDArray[np.bool_], playing: NDArray[np.bool_]) -> float:
    """Return F1 over all decisions, both (windows, families); 0 if none is right."""
    hits = int(np.sum(detected & playing))
    return 2.0 * hits / max(1, int(np.sum(detected)) + int(np.sum(playing)))


def weakest(
    shares: Mapping[str, float], counts: Mapping[str, int], fewest: int
) -> tuple[str, float] | None:
    """Return the label with the smallest share, and that share.

    Labels with fewer than `fewest` clips do not count; returns None if no label remains.
    """
    enough = {label: share for label, share in shares.items() if counts[label] >= fewest}
    return min(enough.items(), key=lambda item: item[1]) if enough else None
