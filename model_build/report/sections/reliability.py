"""The section with the reliability diagrams."""

from pathlib import Path

import numpy as np

from model_build.evaluation.details import Details, ModelScores
from model_build.evaluation.reliability import CALIBRATION_BINS, reliability
from model_build.report.drawing.axis import share_axis
from model_build.report.drawing.line_chart import Series, line_chart
from model_build.report.findings import Findings
from model_build.report.sections.section import KIND_WORDS, LOOKS, Section, clips_of


def reliability_section(findings: Findings, _: Path | None) -> Section:
    """Return a reliability diagram for each kind of clip."""
    figures = "".join(
        f"<figure><figcaption>{words}</figcaption>"
        f"{_diagram(findings.details, findings.scores, kind)}</figure>"
        for kind, words in KIND_WORDS.items()
        if kind in findings.ours.top1
    )
    return Section(
        "Is a score a probability?",
        f"{CALIBRATION_BINS} bins of equally many clips. On the diagonal, a score is the "
        "probability of being right; above it, scores are too low.",
        f'<div class="grid charts">{figures}</div>',
    )


def _diagram(details: Details, models: dict[str, ModelScores], kind: str) -> str:
    series = []
    for look, (name, model) in zip(LOOKS, models.items(), strict=False):
        rows = clips_of(details, model, kind)
        scores = np.array([model.scores[path] for path, _ in rows])
        best = scores.argmax(axis=1)
        right = np.array(
            [model.families[b] in clip.accepts for b, (_, clip) in zip(best, rows, strict=True)]
        )
        bins = reliability(scores.max(axis=1), right)
        series.append(
            Series(name, look, [b.score for b in bins], [b.right for b in bins], dots=True)
        )
    return line_chart(
        series,
        share_axis("top score"),
        share_axis("share that is right"),
        description=f"Reliability of the top score, {kind}: on the diagonal a score is a "
        "probability",
        diagonal=True,
    )
