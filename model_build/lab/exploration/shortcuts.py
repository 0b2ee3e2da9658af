"""Whether a technical fact alone, such as the sample rate, predicts the class."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from model_build.lab.data.inspection import Facts

_FOLDS = 5
_LEAVES = 16
_SEED = 1
_STRONG, _WEAK = 0.5, 0.2
"""Shares of the way from chance to certainty."""
_GIVEN_AWAY = 0.9
"""F1 of a class from which the fact gives it away."""


class Shortcut(NamedTuple):
    """How well one fact predicts the class."""

    fact: str
    """The fact: `sample rate`, `duration`, `level` or `file format`."""
    accuracy: float
    """Balanced accuracy of a small decision tree on that fact, on recordings not fitted to."""
    chance: float
    """Balanced accuracy of guessing."""
    given_away: tuple[str, ...] = ()
    """The classes that the fact alone tells from all others."""

    @property
    def strength(self) -> str:
        """`strong`, `weak` or `none`; at least `weak` if it gives a class away."""
        way = (self.accuracy - self.chance) / max(1.0 - self.chance, 1e-9)
        if way >= _STRONG:
            return "strong"
        return "weak" if way >= _WEAK or self.given_away else "none"


def shortcuts(
    facts: Sequence[Facts], targets: NDArray[np.int64], classes: Sequence[str]
) -> list[Shortcut]:
    """Return how well each fact predicts the class numbers (n,), the strongest first.

    Only classes with five or more recordings count. Empty if fewer than two have that many.
    """
    counts = np.bincount(targets)
    rows = np.flatnonzero(counts[targets] >= _FOLDS)
    chance = 1.0 / max(1, len(np.unique(targets[rows])))
    if len(np.unique(targets[rows])) < 2:  # noqa: PLR2004
        return []
    found = [
        _shortcut(name, values[rows], targets[rows], chance, classes)
        for name, values in _columns(facts).items()
    ]
    return sorted(found, key=lambda one: -one.accuracy)


def _columns(facts: Sequence[Facts]) -> dict[str, NDArray[np.float64]]:
    def numbers(values: Sequence[float]) -> NDArray[np.float64]:
        return np.array(values, np.float64)[:, None]

    formats = sorted({(one.format, one.channels) for one in facts})
    columns = np.zeros((len(facts), len(formats)))
    for row, one in enumerate(facts):
        columns[row, formats.index((one.format, one.channels))] = 1.0
    return {
        "sample rate": numbers([one.rate_hz for one in facts]),
        "duration": numbers([one.seconds for one in facts]),
        "level": numbers([one.level_db for one in facts]),
        "file format": columns,
    }


def _shortcut(
    name: str,
    values: NDArray[np.float64],
    targets: NDArray[np.int64],
    chance: float,
    classes: Sequence[str],
) -> Shortcut:
    guesses = _guesses(values, targets)
    there = np.unique(targets)
    each = f1_score(targets, guesses, labels=there, average=None, zero_division=0.0)
    return Shortcut(
        name,
        float(balanced_accuracy_score(targets, guesses)),
        chance,
        tuple(classes[number] for number in there[each >= _GIVEN_AWAY]),
    )


def _guesses(values: NDArray[np.float64], targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the class that a small tree guesses for each recording, which it was not fitted to."""
    guesses = np.zeros_like(targets)
    splitter = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    for train, held in splitter.split(values, targets):
        tree = DecisionTreeClassifier(
            max_leaf_nodes=_LEAVES, class_weight="balanced", random_state=_SEED
        )
        guesses[held] = tree.fit(values[train], targets[train]).predict(values[held])
    return guesses
