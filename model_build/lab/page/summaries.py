"""What the index shows of a run, kept in its folder so that the index is written quickly."""

from pathlib import Path

import msgspec

from daemon.errors import InputError
from model_build.lab.page.curves import ClassCurves, Curve
from model_build.lab.page.training_curves import Course
from model_build.lab.run.comparable import recordings_sha256
from model_build.lab.run.lab_run import LabRun, Measured, Record, write_struct

FILE = "summary.json"


class Value(msgspec.Struct, frozen=True):
    """A figure with its 95 % interval."""

    value: float | None
    """The figure; None if it cannot be computed."""
    interval: tuple[float, float] | None
    """Its interval."""
    clips: int
    """Recordings that it was measured on."""


class Summary(msgspec.Struct, frozen=True):
    """One run in the index."""

    name: str
    """Name of the experiment."""
    page: str
    """Address of its page, relative to the index."""
    model: str
    """Kind of the model."""
    front_end: str
    """Kind of the front end."""
    data_sha256: str
    """Hash of the validation recordings and their labels: runs that differ cannot be compared."""
    strategy: str
    """How it was validated."""
    metric: str
    """The experiment's metric."""
    validation: Value
    """The metric on the validation recordings."""
    random: Value | None
    """The same with folds at random."""
    test: Value | None
    """The metric on the test recordings."""
    clips: int
    """Recordings for training and validation."""
    seconds: float
    """Duration of the run."""
    finished: int
    """When it was finished, in seconds since 1970."""
    commit: str
    """The commit that was checked out; empty if unknown."""
    figures: dict[str, float | None]
    """All figures on the validation recordings."""
    classes: dict[str, float | None]
    """F1 of each class."""
    roc: Curve | None
    """The mean ROC curve."""
    recall: Curve | None
    """The mean curve of precision over recall."""
    courses: list[Course]
    """The course of the training of each fold."""


FIGURES = (
    *("accuracy", "balanced_accuracy", "top3", "map3", "roc_auc_macro", "pr_auc_macro"),
    *("f1_macro", "f1_micro", "precision_macro", "precision_micro", "recall_macro"),
    "recall_micro",
    *("hamming_loss", "calibration_error", "accepted_accuracy"),
)
"""The figures of the index, in its order."""


def summary_of(
    run: LabRun, record: Record, curves: list[ClassCurves], courses: list[Course]
) -> Summary:
    """Return the summary of a finished run, and keep it in its folder."""
    figures = record.validation.figures
    values = {name: getattr(figures, name) for name in FIGURES}
    summary = Summary(
        name=run.folder.name,
        page=f"{run.folder.name}.html",
        model=record.experiment.model.kind,
        front_end=record.experiment.front_end.kind,
        data_sha256=recordings_sha256(run),
        strategy=record.experiment.validation.strategy,
        metric=record.validation.metric,
        validation=_required(record.validation),
        random=_value(record.random),
        test=_value(record.test),
        clips=record.clips["train"],
        seconds=record.seconds,
        finished=int(run.record.stat().st_mtime),
        commit=record.git.commit if record.git else "",
        figures={name: getattr(value, "value", value) for name, value in values.items()},
        classes={one.name: one.f1 for one in figures.classes},
        roc=curves[0].roc if curves else None,
        recall=curves[0].recall if curves else None,
        courses=courses,
    )
    write_struct(run.folder / FILE, summary)
    return summary


def kept_summary(run: Path) -> Summary | None:
    """Return the summary of a run folder; None if its page was not written since it finished."""
    file = run / FILE
    try:
        if file.stat().st_mtime < LabRun(run).record.stat().st_mtime:
            return None
        return msgspec.json.decode(file.read_bytes(), type=Summary)
    except (OSError, msgspec.DecodeError):
        return None


def read_summaries(folder: Path) -> list[Summary]:
    """Return the summaries of all runs in a folder that have a page, by name."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; run `timbrel-build lab run FILE`")
    found = (kept_summary(run) for run in sorted(folder.iterdir()) if run.is_dir())
    return [one for one in found if one]


def _required(measured: Measured) -> Value:
    return Value(measured.value, measured.interval, measured.figures.clips)


def _value(measured: Measured | None) -> Value | None:
    return _required(measured) if measured else None
