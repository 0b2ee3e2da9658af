"""The difference of two experiments on the same recordings, with its interval."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_build.lab.features.truth import Truth
from model_build.lab.models.model import Scores
from model_build.lab.validation.metrics import bootstrap_interval, figure


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

    def measure(rows: NDArray[np.int64]) -> float | None:
        there = truth.rows(rows)
        first, second = (figure(there, each[rows], threshold, metric) for each in scores)
        return None if first is None or second is None else second - first

    return bootstrap_interval(measure, groups, rng=rng, draws=draws)
