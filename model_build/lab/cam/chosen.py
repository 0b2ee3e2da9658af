"""Choose the recordings of a fold that pictures are made of."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.lab.models.model import Scores
from model_build.lab.validation.metrics import Predicted

Flags = NDArray[np.bool_]


class Chosen(NamedTuple):
    """A recording, and the classes whose maps are drawn."""

    row: int
    """Its place among the recordings."""
    kind: Literal["right", "mistake"]
    """Whether the model was right."""
    classes: list[int]
    """The class of a recording that is right; of a mistake the predicted and the right class."""


def chosen(result: Predicted, most: int) -> list[Chosen]:
    """Return the clearest recordings of each class that are right, and the clearest mistakes.

    There are at most `most` of each class, and as many mistakes.
    """
    wrong = (result.decided != result.truth.has) & result.truth.known
    right = [
        Chosen(row, "right", [place])
        for place in range(len(result.truth.classes))
        for row in _clearest_right(result, wrong.any(axis=1), place)[:most]
    ]
    # How far a wrong score is on the wrong side.
    errors = np.where(wrong, np.abs(result.scores - result.truth.has), 0.0)
    order = np.argsort(-errors.max(axis=1, initial=0.0), kind="stable")
    mistakes = [row for row in order.tolist() if wrong[row].any()]
    return right + [
        Chosen(row, "mistake", _worst_first(wrong[row], errors[row], result.decided[row]))
        for row in mistakes[:most]
    ]


def _clearest_right(result: Predicted, is_wrong: Flags, place: int) -> list[int]:
    rows = np.flatnonzero(result.truth.has[:, place] & ~is_wrong)
    found: list[int] = rows[np.argsort(-result.scores[rows, place], kind="stable")].tolist()
    return found


def _worst_first(wrong: Flags, errors: Scores, decided: Flags) -> list[int]:
    """Return the worst class that was predicted wrongly, and the worst one that was missed."""
    order = [place for place in np.argsort(-errors, kind="stable").tolist() if wrong[place]]
    predicted = [place for place in order if decided[place]][:1]
    missed = [place for place in order if not decided[place]][:1]
    return predicted + missed
