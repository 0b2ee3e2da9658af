"""Divide recordings into training and validation."""

import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Example
from model_build.lab.experiment import Data, Validation

Rows = NDArray[np.int64]

_MOST_PARTS = 20
"""A held-out share is made of such parts, as scikit-learn balances the classes of equal parts."""


class Fold(NamedTuple):
    """One division into training and validation, as indices of the examples."""

    number: int
    """Number of the fold, counted from 0."""
    training: Rows
    """The examples to train on."""
    validation: Rows
    """The examples to validate on."""


def folds_of(
    examples: Sequence[Example], validation: Validation, *, seed: int, multi_label: bool
) -> list[Fold]:
    """Return the chosen folds of the training examples.

    Raises InputError if there are too few groups or examples, no groups for grouped folds, or no
    fold of a chosen number.
    """
    made = [
        Fold(number, training, held)
        for number, (training, held) in enumerate(
            _divided(examples, validation, seed, multi_label=multi_label)
        )
    ]
    if validation.strategy == "hold-out":
        return made
    chosen = validation.chosen_folds or tuple(range(len(made)))
    for number in chosen:
        if number >= len(made):
            raise InputError(
                f"validation.chosen_folds: there is no fold {number}; the data have {len(made)} "
                "folds, counted from 0"
            )
    return [made[number] for number in chosen]


def check_folds(examples: Sequence[Example], validation: Validation, data: Data) -> None:
    """Raise InputError as `folds_of` does for the training examples, before any is inspected."""
    trained = [one for one in examples if one.side == "train"]
    is_grouped_later = data.group_near_duplicates and not any(one.group for one in trained)
    if is_grouped_later and validation.strategy == "group-k-fold":
        # Only the inspection finds the groups; there are at most as many as recordings.
        validation = msgspec.structs.replace(validation, strategy="k-fold")
    folds_of(trained, validation, seed=1, multi_label=data.multi_label)


def group_names(examples: Sequence[Example]) -> list[str]:
    """Return the group of each example; an example without one is a group of its own."""
    return [one.group or f"{one.name}\n{one.start_seconds}" for one in examples]


def _divided(
    examples: Sequence[Example], validation: Validation, seed: int, *, multi_label: bool
) -> Iterator[tuple[Rows, Rows]]:
    if validation.strategy == "own-folds":
        yield from _own(examples)
        return
    is_grouped = _is_grouped(examples, validation)
    groups = np.unique(group_names(examples), return_inverse=True)[1]
    units = len(set(groups)) if is_grouped else len(examples)
    held, count = 1, validation.folds
    if validation.strategy == "hold-out":
        held, count = _parts(validation.fraction, units)
    if units < count:
        what = "groups" if is_grouped else "recordings"
        raise InputError(
            f"validation: {count} folds need as many {what}; there are {units}; use fewer folds"
        )
    labels = np.unique([";".join(one.labels) for one in examples], return_inverse=True)[1]
    # scikit-learn stratifies only if at least one class has as many recordings as there are folds.
    is_stratified = not multi_label and bool(np.bincount(labels).max() >= count)
    splitter = _splitter(count, seed, is_grouped=is_grouped, is_stratified=is_stratified)
    with warnings.catch_warnings():
        # A class with fewer clips than folds is absent from some folds: their figures say so.
        warnings.filterwarnings("ignore", message="The least populated class")
        made = splitter.split(np.zeros(len(examples)), labels, groups if is_grouped else None)
        if validation.strategy == "hold-out":
            validating = np.sort(np.concatenate([part for _, part in islice(made, held)]))
            yield np.setdiff1d(np.arange(len(examples)), validating), validating
        else:
            yield from made


def _parts(share: float, units: int) -> tuple[int, int]:
    """Return how many of how many equal parts are closest to a share, at least one on each side."""
    most = max(2, min(_MOST_PARTS, units))
    within = min(max(share, 1 / most), 1 - 1 / most)
    nearest = Fraction(within).limit_denominator(most)
    return nearest.numerator, nearest.denominator


def _is_grouped(examples: Sequence[Example], validation: Validation) -> bool:
    groups = {one.group for one in examples} - {""}
    if validation.strategy == "group-k-fold":
        if not groups:
            raise InputError(
                "validation.strategy: group-k-fold needs groups; set data.group_column or "
                "data.group_pattern"
            )
        return True
    return validation.strategy == "hold-out" and bool(groups)


def _splitter(
    count: int, seed: int, *, is_grouped: bool, is_stratified: bool
) -> KFold | GroupKFold | StratifiedKFold | StratifiedGroupKFold:
    """Return scikit-learn's splitter."""
    if is_stratified:
        kind = StratifiedGroupKFold if is_grouped else StratifiedKFold
    else:
        kind = GroupKFold if is_grouped else KFold
    return kind(count, shuffle=True, random_state=seed)


def _own(examples: Sequence[Example]) -> Iterator[tuple[Rows, Rows]]:
    """Yield the folds that the data state, in order; raises InputError if there is only one."""
    names = np.array([one.fold for one in examples])
    stated = sorted({name for name in names if name}, key=_by_number)
    if len(stated) < 2:  # noqa: PLR2004
        raise InputError(
            f"validation.strategy: own-folds needs two or more folds; the data state {len(stated)}"
        )
    for name in stated:
        # Examples without a fold are always trained on.
        yield np.flatnonzero(names != name), np.flatnonzero(names == name)


def _by_number(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
