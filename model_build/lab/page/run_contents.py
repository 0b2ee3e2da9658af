"""Everything that the page of a run shows, as one JSON value."""

import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from model_build.lab.executor.pool import Workers
from model_build.lab.page.augmented import augmented_batch
from model_build.lab.page.cams import copy_cams
from model_build.lab.page.clips import FOLDER, ClipFile, write_clips
from model_build.lab.page.curves import class_curves, threshold_curves
from model_build.lab.page.model_facts import model_facts
from model_build.lab.page.scored import Scored, read_scored, together
from model_build.lab.page.summaries import Summary, summary_of
from model_build.lab.page.training_curves import FINAL, read_courses
from model_build.lab.page.variations import ablation_table, search_table
from model_build.lab.run.lab_run import LabRun, Record

_MOST_CLIPS = 5_000
"""Recordings with sound and picture: those that the model got most wrong, and the rest."""


def run_contents(run: LabRun, workers: Workers = None) -> tuple[dict[str, Any], Summary]:
    """Return the contents of a run's page, and its summary for the index.

    Sound and pictures are written beside the page. Raises InputError if the run is not finished.
    """
    record = run.read_record()
    scored = read_scored(run, record)
    shown = together(scored, read_scored(run, record, "test")) if record.test else scored
    wrong = wrongness(shown)
    pages = run.folder.parent
    clips = _clips(shown, wrong, pages / FOLDER, workers)
    folds = _fold_names(record, scored)
    # Folds of an earlier state of the experiment can still be in the folder.
    courses = [one for one in read_courses(run.folder) if one.name in {*folds, FINAL}]
    curves = class_curves(scored.truth, scored.scores)
    summary = summary_of(run, record, curves, courses)
    contents = {
        "summary": summary,
        "record": record,
        "recipe": _text(run.folder / "experiment.yaml"),
        "clips": _table(shown, wrong, clips, copy_cams(run, record, scored)),
        "curves": curves,
        "thresholds": threshold_curves(scored.truth, scored.scores),
        "courses": courses,
        "search": search_table(run, record),
        "ablation": ablation_table(run, record),
        "batch": augmented_batch(run, record, workers),
        "model": model_facts(run, record, workers),
        "written": int(time.time()),
    }
    return contents, summary


def _fold_names(record: Record, scored: Scored) -> set[str]:
    validation = record.experiment.validation
    names = {f"{validation.strategy}-{number}" for number in scored.folds}
    if record.random:
        names |= {f"k-fold-{number}" for number in range(validation.folds)}
    return names


def wrongness(scored: Scored) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return how wrong the scores of each recording are, 0..1: the largest error of a class."""
    errors = np.abs(scored.truth.has - scored.scores) * scored.truth.known
    found: np.ndarray[Any, np.dtype[np.float64]] = errors.max(axis=1, initial=0.0)
    return found


def _clips(
    scored: Scored,
    wrong: np.ndarray[Any, np.dtype[np.float64]],
    folder: Path,
    workers: Workers,
) -> list[ClipFile | None]:
    rows = [row for row in np.argsort(-wrong, kind="stable") if scored.examples[row].file]
    rows = rows[:_MOST_CLIPS]
    written = write_clips([scored.examples[row] for row in rows], folder, workers)
    found: list[ClipFile | None] = [None] * len(wrong)
    for row, files in zip(rows, written, strict=True):
        found[row] = files
    return found


def _table(
    scored: Scored,
    wrong: np.ndarray[Any, np.dtype[np.float64]],
    clips: list[ClipFile | None],
    cams: dict[int, list[tuple[int, str]]],
) -> dict[str, Any]:
    """Return the recordings column by column, which is shorter than row by row.

    Those of the test come last, and have the fold `test`.
    """
    places = [np.flatnonzero(row).tolist() for row in scored.truth.has]
    return {
        "names": [_shown_name(scored, row) for row in range(len(wrong))],
        "labels": places,
        "groups": [one.group for one in scored.examples],
        "folds": scored.folds,
        "predicted": scored.predicted,
        "scores": [[round(score, 3) for score in row] for row in scored.scores.tolist()],
        "wrong": [round(value, 3) for value in wrong.tolist()],
        "files": [(one.sound, one.picture, one.seconds) if one else None for one in clips],
        "cams": cams,
    }


def _shown_name(scored: Scored, row: int) -> str:
    one = scored.examples[row]
    return one.name if one.seconds is None else f"{one.name}, from {one.start_seconds:g} s"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def encoded(contents: Any) -> str:
    """Return a value as JSON that is safe inside a `script` element."""
    return msgspec.json.encode(contents).decode().replace("<", "\\u003c")
