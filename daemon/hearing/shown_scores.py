"""Map the model's scores to shown scores, on which 0.5 is every family's operating point.

People and hubs see shown scores. The tracker decides on the model's, whose operating points differ
from family to family.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.logits import logit, probability_of, sigmoid

OPERATING_POINT = 0.5
"""The shown score of every family's threshold."""
# Keep the logits of 0 and 1 finite. They lie far beyond what a network returns.
_LEAST, _MOST = 1e-30, 1.0 - 1e-15


class ShownScores:
    """The mapping of each family: a shift of the logit, so it keeps the order of scores.

    `thresholds` are the operating points of the `families` at the default sensitivity. Without
    families, shown scores equal the model's.
    """

    def __init__(self, families: Sequence[str] = (), thresholds: Sequence[float] = ()) -> None:
        self._families = tuple(families)
        self.use(thresholds)

    def use(self, thresholds: Sequence[float]) -> None:
        """Replace the operating points; the order of the families stays."""
        shifts = [logit(threshold) for threshold in thresholds]
        self._shifts = dict(zip(self._families, shifts, strict=True))
        self._all_shifts = np.array(shifts)

    def of(self, family: str, score: float) -> float:
        """Return the shown score in 0..1 of a family's score in 0..1."""
        shift = self._shifts.get(family, 0.0)
        return probability_of(logit(score) - shift) if shift else score

    def all(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the shown scores (families,) of the scores (families,), both in 0..1."""
        if not self._shifts:
            return scores.astype(np.float64)
        inner = np.clip(scores.astype(np.float64), _LEAST, _MOST)
        return sigmoid(np.log(inner) - np.log1p(-inner) - self._all_shifts)
