"""The section with the results under worse conditions: noise, distance, level."""

from pathlib import Path

from model_build.evaluation.details import ModelScores
from model_build.report.drawing.axis import Axis, share_axis
from model_build.report.drawing.line_chart import Series, line_chart
from model_build.report.findings import Findings
from model_build.report.sections.section import LOOKS, Section

CONDITION_LABELS = {
    "snr_db": "household noise: SNR, dB",
    "distance_metres": "distance, m",
    "level_dbfs": "level, dBFS",
}
FIGURE_LABELS = {"top1": "share named right", "true_score": "score of the true family"}


def sweeps_section(findings: Findings, _: Path | None) -> Section | None:
    """Return a chart for each condition and figure."""
    points = findings.our_scores.points
    if not points:
        return None
    models = findings.scores
    charts = [
        _chart(models, swept, figure)
        for figure in FIGURE_LABELS
        for swept in CONDITION_LABELS
        if any(p.swept == swept for model in models.values() for p in model.points)
    ]
    return Section(
        "Noise, distance, level",
        f"The same {points[0].clips} phrases in simulated rooms. One condition changes at a time; "
        "the others stay at 2 m, no noise, -32 dBFS. Scores are medians.",
        f'<div class="grid charts">{"".join(f"<figure>{c}</figure>" for c in charts)}</div>',
    )


def _chart(models: dict[str, ModelScores], swept: str, figure: str) -> str:
    series = []
    for look, (name, model) in zip(LOOKS, models.items(), strict=False):
        points = [point for point in model.points if point.swept == swept]
        ys = [float(getattr(point, figure)) for point in points]
        series.append(Series(name, look, [point.value for point in points], ys, dots=True))
    values = sorted(series[0].x)
    description = f"{FIGURE_LABELS[figure]} against {CONDITION_LABELS[swept]}: " + "; ".join(
        f"{one.name} " + ", ".join(f"{y:.2f} at {x:g}" for x, y in zip(one.x, one.y, strict=True))
        for one in series
    )
    axis = Axis(CONDITION_LABELS[swept], values[0], values[-1], values)
    return line_chart(series, axis, share_axis(FIGURE_LABELS[figure]), description=description)
