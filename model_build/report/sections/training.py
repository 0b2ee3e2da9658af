"""The section with the figures of the training by epoch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model_build.report.drawing.axis import axis_around
from model_build.report.drawing.line_chart import Series, line_chart
from model_build.report.findings import Findings
from model_build.report.sections.section import Section


def training_section(findings: Findings, _: Path | None) -> Section | None:
    """Return a chart for each figure, on training windows and on held-out ones."""
    history = findings.history
    if not history:
        return None
    charts = (
        _chart(name, values, history.get(f"val_{name}"))
        for name, values in history.items()
        if not name.startswith("val_")
    )
    return Section(
        "Training",
        '<span class="key faint">training</span> <span class="key ours">held out</span>',
        f'<div class="grid charts">{"".join(charts)}</div>',
    )


def _chart(name: str, trained: Sequence[float], held: Sequence[float] | None) -> str:
    """Draw one figure by epoch; empty if a value is not finite."""
    series = [Series("training", "faint", _epochs(trained), trained, dots=True)]
    if held:
        series.append(Series("held out", "ours", _epochs(held), held, dots=True))
    values = [value for one in series for value in one.y]
    if not values or not np.isfinite(values).all():
        return ""
    words = name.replace("_", " ")
    epochs = axis_around("epoch", [1.0, max(2.0, *series[0].x)])
    chart = line_chart(
        series,
        epochs._replace(low=1.0, ticks=[tick for tick in epochs.ticks if tick >= 1]),
        axis_around(words, values),
        description=f"{words} by epoch",
    )
    return f"<figure>{chart}</figure>"


def _epochs(values: Sequence[float]) -> list[float]:
    return [float(epoch) for epoch in range(1, len(values) + 1)]
