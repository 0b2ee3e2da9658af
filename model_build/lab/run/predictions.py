"""Tables of scores."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from daemon.system.files.whole_file import whole_file
from model_build.corpus.formats.labelled import Example
from model_build.lab.models.model import Scores

Threshold: TypeAlias = float | Sequence[float] | None
"""Score from which a class is predicted, or one per class; None for only the highest score."""


def write_predictions(
    path: Path,
    examples: Sequence[Example],
    scores: Scores,
    classes: Sequence[str],
    *,
    folds: Sequence[int | str],
    threshold: Threshold,
) -> None:
    """Write a row per recording: its labels, the prediction, and the score of each class.

    `threshold` is None if each recording has one class; the prediction is then the highest score.
    """
    with whole_file(path) as fresh, fresh.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        head = ("name", "start_seconds", "group", "fold", "labels", "predicted")
        writer.writerow([*head, *classes])
        for example, fold, row in zip(examples, folds, scores, strict=True):
            writer.writerow(
                [
                    *(example.name, f"{example.start_seconds:g}", example.group, fold),
                    *(";".join(example.labels), predicted_classes(row, classes, threshold)),
                    *(f"{score:.6f}" for score in row),
                ]
            )


def predicted_classes(scores: Scores, classes: Sequence[str], threshold: Threshold) -> str:
    """Return the class with the highest score, or all from the threshold, between semicolons."""
    if threshold is None:
        return classes[int(scores.argmax())]
    decided = scores >= np.asarray(threshold)
    return ";".join(name for name, is_there in zip(classes, decided, strict=True) if is_there)
