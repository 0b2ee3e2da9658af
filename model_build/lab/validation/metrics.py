"""The figures of scores: everything that compares models."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from model_build.evaluation.metrics import area_under_roc
from model_build.lab.features.truth import Truth

Scores = NDArray[np.float64]
_BEST = 3
_CALIBRATION_BINS = 10


class ClassFigures(msgspec.Struct, frozen=True):
    """The figures of one class; None where it cannot be computed."""

    name: str
    """The class."""
    clips: int
    """Recordings that have it."""
    roc_auc: float | None
    """Area under the ROC curve."""
    pr_auc: float | None
    """Average precision."""
    precision: float | None
    """Share of the predictions that are right."""
    recall: float | None
    """Share of the recordings with the class that are predicted."""
    f1: float | None
    """Harmonic mean of precision and recall."""


class Mean(msgspec.Struct, frozen=True):
    """A mean over the classes that have the figure."""

    value: float | None
    """The mean; None if no class has it."""
    over: int
    """Number of classes that have it."""
    of: int
    """Number of classes."""

    def __str__(self) -> str:
        if self.value is None:
            return f"none (over 0 of {self.of})"
        return f"{self.value:.3f} (over {self.over} of {self.of})"


class Figures(msgspec.Struct, frozen=True):
    """The figures of some recordings. Those of one class per recording are None otherwise."""

    clips: int
    """Number of recordings."""
    classes: list[ClassFigures]
    """The figures of each class, in the order of the scores."""
    roc_auc_macro: Mean
    """Mean area under the ROC curve."""
    pr_auc_macro: Mean
    """Mean average precision."""
    precision_macro: Mean
    """Mean precision."""
    recall_macro: Mean
    """Mean recall."""
    f1_macro: Mean
    """Mean F1."""
    f1_micro: float
    """F1 over all decisions."""
    hamming_loss: float | None
    """Share of wrong decisions; None if no label is known."""
    accuracy: float | None
    """Share of recordings whose highest score is that of their class; a tie goes to the first."""
    balanced_accuracy: float | None
    """Mean recall of the classes that occur."""
    top3: float | None
    """Share of recordings whose class is among the three highest scores."""
    map3: float | None
    """Mean of 1, 1/2 or 1/3 for the place of the class among the three highest scores, else 0."""
    calibration_error: float | None
    """Mean difference between the highest score and the accuracy, over ten bins of scores."""
    accepted_accuracy: float | None = None
    """Share of recordings whose highest score is that of a class which the data set accepts for
    them, such as guitar for a harp; None if it accepts only the labels."""
    precision_micro: float | None = None
    """Share of all predictions that are right; None if nothing is predicted."""
    recall_micro: float | None = None
    """Share of all labels that are predicted; None if no recording has a label."""


class Predicted(NamedTuple):
    """Scores and the decisions that follow from them, with the truth."""

    truth: Truth
    """The truth."""
    scores: Scores
    """Scores (recordings, classes) in 0..1."""
    decided: NDArray[np.bool_]
    """The predicted classes, (recordings, classes)."""


def predicted(truth: Truth, scores: Scores, threshold: float | None) -> Predicted:
    """Return the decisions: scores from `threshold`, or if it is None, the highest score."""
    if threshold is not None:
        return Predicted(truth, scores, scores >= threshold)
    decided = np.zeros(scores.shape, np.bool_)
    decided[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return Predicted(truth, scores, decided)


def figures(
    truth: Truth, scores: Scores, threshold: float | None = None, *, has_areas: bool = True
) -> Figures:
    """Return all figures; `threshold` is None if each recording has exactly one class.

    A class that no recording has, or all have, has no areas; one that none has, no F1. Without
    `has_areas`, no class has areas, which take most of the time.
    """
    result = predicted(truth, scores, threshold)
    classes = [_class_figures(result, n, has_areas=has_areas) for n in range(len(truth.classes))]
    single = _single_figures(truth, scores) if threshold is None else _NOT_SINGLE
    hits = int((result.decided & truth.has & truth.known).sum())
    made, wanted = (int((one & truth.known).sum()) for one in (result.decided, truth.has))
    wrong = result.decided != truth.has
    return Figures(
        clips=len(scores),
        classes=classes,
        roc_auc_macro=_mean([one.roc_auc for one in classes]),
        pr_auc_macro=_mean([one.pr_auc for one in classes]),
        precision_macro=_mean([one.precision for one in classes]),
        recall_macro=_mean([one.recall for one in classes]),
        f1_macro=_mean([one.f1 for one in classes]),
        f1_micro=2.0 * hits / max(1, made + wanted),
        hamming_loss=_share(int((wrong & truth.known).sum()), int(truth.known.sum())),
        balanced_accuracy=_mean([one.recall for one in classes]).value
        if threshold is None
        else None,
        precision_micro=_share(hits, made),
        recall_micro=_share(hits, wanted),
        **single,
    )


def figure(truth: Truth, scores: Scores, threshold: float | None, metric: str) -> float | None:
    """Return one figure by name, of a mean its value."""
    return value_of(figures(truth, scores, threshold, has_areas=metric in _AREAS), metric)


def value_of(found: Figures, metric: str) -> float | None:
    """Return one figure by name, of a mean its value."""
    value = getattr(found, metric)
    return value.value if isinstance(value, Mean) else value


def interval(
    truth: Truth,
    scores: Scores,
    groups: Sequence[str],
    metric: str,
    *,
    threshold: float | None,
    rng: np.random.Generator,
    draws: int = 200,
) -> tuple[float, float] | None:
    """Return the 95 % interval of a figure by bootstrap over whole groups; None if it has none."""

    def measure(rows: NDArray[np.int64]) -> float | None:
        return figure(truth.rows(rows), scores[rows], threshold, metric)

    return bootstrap_interval(measure, groups, rng=rng, draws=draws)


def bootstrap_interval(
    measure: Callable[[NDArray[np.int64]], float | None],
    groups: Sequence[str],
    *,
    rng: np.random.Generator,
    draws: int,
) -> tuple[float, float] | None:
    """Return the 95 % interval of what `measure` returns for the rows (n,) of drawn whole groups.

    None if it never returns a value, or if there is only one group to draw. Efron and Tibshirani,
    "An Introduction to the Bootstrap" (1993).
    """
    names, places = np.unique(groups, return_inverse=True)
    if len(names) == 1:
        return None
    members = [np.flatnonzero(places == n) for n in range(len(names))]
    values = []
    for _ in range(draws):
        drawn = rng.integers(0, len(members), len(members))
        value = measure(np.concatenate([members[n] for n in drawn]))
        if value is not None:
            values.append(value)
    if not values:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def mean_over_groups(
    truth: Truth,
    scores: Scores,
    groups: Sequence[str],
    metric: str,
    *,
    threshold: float | None,
) -> float | None:
    """Return the mean of a figure over groups, of those that have it.

    None if none has it, if there is only one group, or if each recording is a group of its own.
    """
    names, places = np.unique(groups, return_inverse=True)
    if len(names) in (1, len(groups)):
        return None
    members = [np.flatnonzero(places == n) for n in range(len(names))]
    values = [figure(truth.rows(rows), scores[rows], threshold, metric) for rows in members]
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found else None


def _class_figures(result: Predicted, place: int, *, has_areas: bool) -> ClassFigures:
    known = result.truth.known[:, place]
    has = result.truth.has[known, place]
    scores, decided = result.scores[known, place], result.decided[known, place]
    hits, wanted, made = int((has & decided).sum()), int(has.sum()), int(decided.sum())
    is_there, is_measured = wanted > 0, has_areas and 0 < wanted < len(has)
    return ClassFigures(
        name=result.truth.classes[place],
        clips=wanted,
        roc_auc=area_under_roc(scores[has], scores[~has]) if is_measured else None,
        pr_auc=float(average_precision_score(has, scores)) if is_measured else None,
        precision=hits / max(1, made) if is_there else None,
        recall=hits / wanted if is_there else None,
        f1=2.0 * hits / (wanted + made) if is_there else None,
    )


def _mean(values: Sequence[float | None]) -> Mean:
    there = [value for value in values if value is not None]
    return Mean(float(np.mean(there)) if there else None, len(there), len(values))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


_AREAS = {"roc_auc_macro", "pr_auc_macro"}
_NOT_SINGLE: dict[str, float | None] = dict.fromkeys(
    ("accuracy", "top3", "map3", "calibration_error", "accepted_accuracy")
)


def _single_figures(truth: Truth, scores: Scores) -> dict[str, float | None]:
    """Return the figures of recordings with exactly one class."""
    right = truth.has.argmax(axis=1)
    # A stable sort of the negated scores puts the first of equal scores first.
    best = np.argsort(-scores, axis=1, kind="stable")[:, :_BEST]
    hits = best == right[:, None]
    weights = 1.0 / np.arange(1, best.shape[1] + 1)
    return {
        "accuracy": float(hits[:, 0].mean()),
        "top3": float(hits.any(axis=1).mean()),
        "map3": float((hits * weights).sum(axis=1).mean()),
        "calibration_error": _calibration_error(scores.max(axis=1), hits[:, 0]),
        "accepted_accuracy": _accepted_accuracy(truth, best[:, 0]),
    }


def _accepted_accuracy(truth: Truth, best: NDArray[np.int64]) -> float | None:
    if truth.accepted is None:
        return None
    return float(truth.accepted[np.arange(len(best)), best].mean())


def _calibration_error(confidence: Scores, right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error.

    Guo et al., "On Calibration of Modern Neural Networks" (2017).
    """
    bins = np.minimum((confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    error = 0.0
    for n in range(_CALIBRATION_BINS):
        here = bins == n
        if here.any():
            error += float(here.mean() * abs(confidence[here].mean() - right[here].mean()))
    return error
