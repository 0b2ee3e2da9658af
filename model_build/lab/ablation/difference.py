"""The difference of two experiments on the same recordings, with its interval."""

from collections.abc import Sequence

import numpy as np

from model_build.lab.features.truth import Truth
from model_build.lab.models.model import Scores
from model_build.lab.validation.metrics import figures, value_of


def difference_interval(
    truth: Truth,
    scores: tuple[Scores, Scores],
    groups: Sequence[str],
    metric: str,
    *,
    threshold: float | None,
    rng: np.random.Generator,
    draws: int = 200,
) -> tuple[float, float] | None:
    """Return the 95 % interval of the second figure minus the first; None if it has none.

    Both are measured on the same recordings, in a bootstrap over whole groups, so that what makes
    a recording easy or hard for both does not widen the interval. `scores` are (recordings,
    classes).
    """
    names, places = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(places == n) for n in range(len(names))]
    differences = []
    for _ in range(draws):
        drawn = rng.integers(0, len(members), len(members))
        rows = np.concatenate([members[n] for n in drawn])
        there = truth.rows(rows)
        first, second = (value_of(figures(there, each[rows], threshold), metric) for each in scores)
        if first is not None and second is not None:
            differences.append(second - first)
    if not differences:
        return None
    low, high = np.percentile(differences, [2.5, 97.5])
    return float(low), float(high)
