"""The validation and test recordings of a finished run with their scores."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Example
from model_build.lab.data.usable import usable_recordings
from model_build.lab.features.truth import Truth
from model_build.lab.run.lab_run import LabRun, Record

_COLUMNS = 6  # name, start_seconds, group, fold, labels, predicted


class Scored(NamedTuple):
    """The recordings of a table of predictions."""

    examples: list[Example]
    """The recordings; without a file if the data are no longer there."""
    folds: list[str]
    """The fold of each."""
    truth: Truth
    """Their labels."""
    predicted: list[list[int]]
    """The places of the predicted classes of each."""
    scores: NDArray[np.float64]
    """Their scores (recordings, classes)."""


def read_scored(run: LabRun, record: Record, side: str = "train") -> Scored:
    """Return the validation recordings, or those of the test if `side` is `test`.

    Their fold is then `test`. Raises InputError if their table is damaged.
    """
    path = run.test_predictions if side == "test" else run.predictions
    heads, scores = _read(path, len(record.classes))
    known = _examples(run, record, side)
    several = record.experiment.data.multi_label
    examples = [_example(head, known, several=several) for head in heads]
    classes = record.classes
    has = np.array([[name in one.labels for name in classes] for one in examples], np.bool_)
    unknown = np.array([[name in one.unknown for name in classes] for one in examples], np.bool_)
    shape = (len(examples), len(classes))
    truth = Truth(classes, has.reshape(shape), ~unknown.reshape(shape))
    predicted = [_places(head[5].split(";") if several else [head[5]], classes) for head in heads]
    return Scored(examples, [head[3] for head in heads], truth, predicted, scores)


def together(first: Scored, second: Scored) -> Scored:
    """Return the recordings of both, of the same classes."""
    truth = Truth(
        first.truth.classes,
        np.concatenate([first.truth.has, second.truth.has]),
        np.concatenate([first.truth.known, second.truth.known]),
    )
    return Scored(
        first.examples + second.examples,
        first.folds + second.folds,
        truth,
        first.predicted + second.predicted,
        np.concatenate([first.scores, second.scores]),
    )


def _places(names: Sequence[str], classes: Sequence[str]) -> list[int]:
    return [place for place, name in enumerate(classes) if name in names]


def _read(path: Path, classes: int) -> tuple[list[list[str]], NDArray[np.float64]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        scores = np.array([row[_COLUMNS:] for row in rows], np.float64)
        return [row[:_COLUMNS] for row in rows], scores.reshape(len(rows), classes)
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"{path}: {error}; run the experiment again") from None


def _examples(run: LabRun, record: Record, side: str) -> dict[tuple[str, float], Example]:
    """Return the recordings of a side by name and start; empty if the data are no longer there.

    Those of the other side can have the same names.
    """
    try:
        found = usable_recordings(record.experiment.data, run.folder.parent)
    except InputError:
        return {}
    # The table of predictions shortens the start to six digits.
    these = (one for one in found.examples if one.side == side)
    return {(one.name, float(f"{one.start_seconds:g}")): one for one in these}


def _example(
    head: Sequence[str], known: dict[tuple[str, float], Example], *, several: bool
) -> Example:
    """Return a recording with the labels of the table of predictions.

    The labels of the data can have been changed since the run.
    """
    labels = tuple(filter(None, head[4].split(";") if several else head[4:5]))
    start_seconds = float(head[1])
    if there := known.get((head[0], start_seconds)):
        return msgspec.structs.replace(there, labels=labels)
    return Example(head[0], "", labels, group=head[2], start_seconds=start_seconds)
