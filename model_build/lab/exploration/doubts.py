"""Labels that a quick model doubts: a forest that was not fitted to the recordings in question."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from model_build.lab.features.truth import Truth

_FOLDS = 5
_TREES = 100
_LIKELY, _UNLIKELY = 0.6, 0.15
_SEED = 1


class Doubt(NamedTuple):
    """A label that is probably wrong or missing."""

    row: int
    """Place of the recording."""
    label: str
    """The label that it has; empty if one is missing."""
    score: float
    """The forest's probability of that label."""
    guess: str
    """The class that the forest finds instead; empty if only the label is doubted."""
    guess_score: float
    """The forest's probability of that class."""


def doubts(
    vectors: NDArray[np.float32], truth: Truth, groups: Sequence[int], *, multi_label: bool
) -> list[Doubt]:
    """Return the labels that a forest doubts, the most doubtful first.

    Recordings of one group are in one fold. Empty if there are too few groups.
    """
    if len(set(groups)) < _FOLDS:
        return []
    places = np.asarray(groups)
    found = _per_class(vectors, truth, places) if multi_label else _single(vectors, truth, places)
    return sorted(found, key=lambda one: one.score - one.guess_score)


def out_of_fold(
    values: NDArray[np.float32],
    targets: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: int,
) -> NDArray[np.float64]:
    """Return probabilities (recordings, classes), each by a model that was fitted to the others."""
    scores = np.zeros((len(targets), classes))
    is_stratified = np.bincount(targets).max() >= _FOLDS
    kind = StratifiedGroupKFold if is_stratified else GroupKFold
    splitter = kind(_FOLDS, shuffle=True, random_state=_SEED)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        for train, held in splitter.split(values, targets, groups):
            model = RandomForestClassifier(_TREES, class_weight="balanced", random_state=_SEED)
            model.fit(values[train], targets[train])
            scores[np.ix_(held, model.classes_)] = model.predict_proba(values[held])
    return scores


def _single(vectors: NDArray[np.float32], truth: Truth, groups: NDArray[np.int64]) -> list[Doubt]:
    targets = truth.has.argmax(axis=1)
    scores = out_of_fold(vectors, targets, groups, len(truth.classes))
    guesses = scores.argmax(axis=1)
    return [
        Doubt(
            row,
            truth.classes[target],
            float(scores[row, target]),
            truth.classes[guess],
            float(scores[row, guess]),
        )
        for row, (target, guess) in enumerate(zip(targets, guesses, strict=True))
        if scores[row, target] <= _UNLIKELY and scores[row, guess] >= _LIKELY
    ]


def _per_class(
    vectors: NDArray[np.float32], truth: Truth, groups: NDArray[np.int64]
) -> list[Doubt]:
    found = []
    for place, name in enumerate(truth.classes):
        rows = np.flatnonzero(truth.known[:, place])
        targets = truth.has[rows, place].astype(np.int64)
        if len(set(targets.tolist())) < 2 or len(set(groups[rows].tolist())) < _FOLDS:  # noqa: PLR2004
            continue
        scores = out_of_fold(vectors[rows], targets, groups[rows], 2)[:, 1]
        for row, target, score in zip(rows, targets, scores.tolist(), strict=True):
            if target and score <= _UNLIKELY:
                found.append(Doubt(int(row), name, score, "", 0.0))
            elif not target and score >= 1.0 - _UNLIKELY:
                found.append(Doubt(int(row), "", 0.0, name, score))
    return found
