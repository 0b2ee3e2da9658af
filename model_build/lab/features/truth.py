"""The labels of recordings as arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.corpus.formats.labelled import Example


class Truth(NamedTuple):
    """What is known of the classes of some recordings."""

    classes: tuple[str, ...]
    """The classes, sorted by code point."""
    has: NDArray[np.bool_]
    """True where a recording has a class, (recordings, classes)."""
    known: NDArray[np.bool_]
    """False where nobody knows, (recordings, classes)."""

    accepted: NDArray[np.bool_] | None = None
    """True where a class counts as right in the accepted accuracy, (recordings, classes); None if
    the data set accepts no class but the labels."""

    def rows(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Truth":
        """Return some of the recordings."""
        accepted = None if self.accepted is None else self.accepted[rows]
        return Truth(self.classes, self.has[rows], self.known[rows], accepted)


def truth_of(examples: Sequence[Example], classes: tuple[str, ...]) -> Truth:
    """Return the labels of the examples; labels that are not in `classes` are dropped."""
    shape = (len(examples), len(classes))
    has, known = np.zeros(shape, np.bool_), np.ones(shape, np.bool_)
    places = {name: n for n, name in enumerate(classes)}
    for row, example in enumerate(examples):
        has[row, [places[name] for name in example.labels if name in places]] = True
        known[row, [places[name] for name in example.unknown if name in places]] = False
    return Truth(classes, has, known, _accepted(examples, has, places))


def _accepted(
    examples: Sequence[Example], has: NDArray[np.bool_], places: dict[str, int]
) -> NDArray[np.bool_] | None:
    if not any(set(example.accepted) - set(example.labels) for example in examples):
        return None
    accepted = has.copy()
    for row, example in enumerate(examples):
        accepted[row, [places[name] for name in example.accepted if name in places]] = True
    return accepted
