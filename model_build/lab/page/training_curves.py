"""The course of each training of a run, as its files of curves state it."""

from itertools import pairwise
from pathlib import Path

import msgspec

from model_build.lab.models.model import CURVES

FINAL = "final model"
"""Name of the course of the final model."""
_MOST_POINTS = 300


class Course(msgspec.Struct, frozen=True):
    """The course of one training."""

    name: str
    """The fold, such as `k-fold-0`, or FINAL."""
    steps: list[int]
    """Batches, counted from 1; every so many if there are more than 300."""
    batch_loss: list[float]
    """The mean loss of the batches up to each of these steps."""
    epochs: list[int]
    """Epochs, counted from 1."""
    learning_rate: list[float]
    """Learning rate at the end of each epoch."""
    loss: list[float]
    """Mean training loss of each epoch."""
    validation_loss: list[float | None]
    """Loss on held-out recordings after each epoch; None if it was not measured."""
    accuracy: list[float | None]
    """Accuracy on held-out chunks after each epoch, with several labels the share of right
    decisions; None if it was not measured."""


class _Epoch(msgspec.Struct, frozen=True):
    epoch: int
    loss: float
    learning_rate: float = 0.0
    batches: list[float] = []
    val_loss: float | None = None
    val_accuracy: float | None = None


def read_courses(run: Path) -> list[Course]:
    """Return the course of each training of a run folder, also of one that still runs."""
    files = [*run.glob(f"folds/*/{CURVES}"), *run.glob(f"folds/*/training-*/{CURVES}")]
    final = [*run.glob(f"model/{CURVES}"), *run.glob(f"model/training-*/{CURVES}")]
    found = [_course(_name(run, file), _epochs(file)) for file in [*sorted(files), *sorted(final)]]
    return [one for one in found if one.epochs]


def _name(run: Path, file: Path) -> str:
    parts = file.relative_to(run).parts
    return FINAL if parts[0] == "model" else parts[1]


def _epochs(file: Path) -> list[_Epoch]:
    try:
        lines = file.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=_Epoch) for line in lines]
    except (OSError, msgspec.DecodeError):  # it has just been removed, or is damaged
        return []


def _course(name: str, epochs: list[_Epoch]) -> Course:
    losses = [loss for epoch in epochs for loss in _single_losses(epoch.batches)]
    step = max(1, -(-len(losses) // _MOST_POINTS))
    parts = [losses[start : start + step] for start in range(0, len(losses), step)]
    ends = [min(len(losses), start + step) for start in range(0, len(losses), step)]
    return Course(
        name,
        ends,
        [round(sum(part) / len(part), 5) for part in parts],
        [one.epoch for one in epochs],
        [one.learning_rate for one in epochs],
        [round(one.loss, 5) for one in epochs],
        [one.val_loss for one in epochs],
        [one.val_accuracy for one in epochs],
    )


def _single_losses(means: list[float]) -> list[float]:
    """Return the loss of each batch from the means over an epoch's batches so far."""
    sums = [0.0, *(mean * n for n, mean in enumerate(means, 1))]
    return [after - before for before, after in pairwise(sums)]
