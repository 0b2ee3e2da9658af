"""The figures of runs as text."""

from collections.abc import Sequence

from model_build.lab.run.lab_run import Leak, Measured, Pruned, Record
from model_build.lab.validation.metrics import Figures


def record_lines(record: Record) -> str:
    """Return what a run found, in a few lines."""
    left = ", ".join(f"{count} {reason}" for reason, count in record.left.items())
    lines = [
        f"{record.experiment.name}: {_clips(record)}; left out: {left or 'none'}",
        *(f"  note: {note}" for note in record.notes),
        f"  {record.experiment.validation.strategy}: {_line(record.validation)}",
    ]
    if record.pruned:
        lines += _pruned_lines(record.pruned)
    if record.random:
        lines.append(f"  folds at random: {_line(record.random)}")
    if record.leak:
        lines.append(f"  {leak_line(record.leak)}")
    if record.test:
        lines.append(f"  test: {_line(record.test)}")
    return "\n".join(lines)


def _pruned_lines(pruned: Pruned) -> list[str]:
    before, after = pruned.before, pruned.after
    costs = ", ".join(
        f"{what} {old:{kind}} to {new:{kind}}"
        for what, old, new, kind in (
            ("weights", before.weights, after.weights, "d"),
            ("kB as int8 TFLite", before.bytes / 1e3, after.bytes / 1e3, ".1f"),
            ("compressed", before.compressed_bytes / 1e3, after.compressed_bytes / 1e3, ".1f"),
            ("ms CPU per chunk", before.milliseconds, after.milliseconds, ".3f"),
        )
    )
    return [f"  before pruning: {_line(pruned.unpruned)}", f"  pruned: {costs}"]


def leak_line(leak: Leak) -> str:
    """Return what near-duplicates add to the figure at random."""
    if not leak.repeated:
        return "no recording has a near-duplicate in the training recordings of its fold at random"
    return (
        f"at random, {leak.repeated} of {leak.clips} recordings have a near-duplicate in training: "
        f"{_number(leak.value_repeated)} on these, {_number(leak.value_others)} on the others"
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _clips(record: Record) -> str:
    train, test = record.clips["train"], record.clips["test"]
    return f"{train} recordings for training and validation, {test} for the test"


def comparison(records: Sequence[Record]) -> str:
    """Return a table with a row for each run."""
    head = ("run", "model", "metric", "validation", "at random", "test", "clips", "seconds")
    rows = [head, *map(_row, records)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(record: Record) -> tuple[str, ...]:
    return (
        record.experiment.name,
        record.experiment.model.kind,
        record.validation.metric,
        _value(record.validation),
        _value(record.random),
        _value(record.test),
        str(record.clips["train"]),
        f"{record.seconds:.0f}",
    )


def _line(measured: Measured) -> str:
    figures = measured.figures
    balanced, grouped = figures.balanced_accuracy, measured.mean_over_groups
    return (
        f"{measured.metric} {_value(measured)}, "
        f"{'' if grouped is None else f'mean over groups {grouped:.3f}, '}"
        f"{_accepted(figures)}"
        f"{'' if balanced is None else f'balanced accuracy {balanced:.3f}, '}"
        f"ROC-AUC {figures.roc_auc_macro}, "
        f"F1 {figures.f1_macro}, {figures.clips} recordings"
    )


def _accepted(figures: Figures) -> str:
    """Return the accuracy with other accepted classes, if there are any."""
    value = figures.accepted_accuracy
    return "" if value is None else f"with other accepted classes {value:.3f}, "


def _value(measured: Measured | None) -> str:
    """Return the value of the metric with its interval."""
    return "-" if measured is None else value_text(measured.value, measured.interval)


def value_text(value: float | None, interval: tuple[float, float] | None) -> str:
    """Return a figure with its interval, such as 0.912 [0.874, 0.941]."""
    if value is None:
        return "none"
    if interval is None:
        return f"{value:.3f}"
    low, high = interval
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
