"""The section with each family's ROC and precision-recall curves."""

from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_build.evaluation.curves import average_precision, precision_recall, roc
from model_build.evaluation.details import Details, ModelScores
from model_build.evaluation.metrics import area_under_roc
from model_build.report.drawing.axis import share_axis
from model_build.report.drawing.line_chart import Series, line_chart
from model_build.report.findings import Findings
from model_build.report.sections.section import KIND_WORDS, LOOKS, Section, clips_of

FEWEST_CLIPS = 3  # of a family, to draw its curves
SIZE = (230, 190)


def curves_section(findings: Findings, _: Path | None) -> Section:
    """Return two charts for each family."""
    kind = "room" if "room" in findings.ours.top1 else "phrase"
    families = next(iter(findings.scores.values())).families
    figures = (_family_figure(findings.details, findings.scores, kind, f) for f in families)
    return Section(
        "ROC and precision-recall",
        f"Clips of each family against all other clips, speech and noise included. "
        f"{KIND_WORDS[kind]}. Left ROC, right precision against recall; the numbers are the areas "
        "under the curves.",
        f'<div class="grid curves">{"".join(figures)}</div>',
    )


def _family_figure(details: Details, models: dict[str, ModelScores], kind: str, family: str) -> str:
    """Draw the curves of one family for all models; empty if there are too few clips."""
    roc_series, precision_series, captions = [], [], []
    for look, (name, model) in zip(LOOKS, models.items(), strict=False):
        scores = _positive_and_negative(details, model, kind, family)
        if scores is None:
            continue
        roc_series.append(Series(name, look, *roc(*scores)))
        precision_series.append(Series(name, look, *precision_recall(*scores)))
        area, precision = area_under_roc(*scores), average_precision(*scores)
        captions.append(f'<span class="{look}">{area:.3f} / {precision:.3f}</span>')
    if not roc_series:
        return ""
    left = line_chart(
        roc_series,
        share_axis("false positive rate"),
        share_axis("true positive rate"),
        description=f"ROC curve of {family}",
        size=SIZE,
        diagonal=True,
    )
    right = line_chart(
        precision_series,
        share_axis("recall"),
        share_axis("precision"),
        description=f"Precision against recall of {family}",
        size=SIZE,
    )
    return (
        f"<figure><figcaption><b>{escape(family)}</b> {' '.join(captions)}</figcaption>"
        f'<div class="pair">{left}{right}</div></figure>'
    )


def _positive_and_negative(
    details: Details, model: ModelScores, kind: str, family: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the family's scores of its own clips, and of clips for which it would be wrong."""
    if family not in model.families:
        return None
    column = model.families.index(family)
    positive, negative = [], []
    for path, clip in [*clips_of(details, model, kind), *clips_of(details, model, "negative")]:
        if clip.label == family:
            positive.append(model.scores[path][column])
        elif family not in clip.accepts:
            negative.append(model.scores[path][column])
    if len(positive) < FEWEST_CLIPS or not negative:
        return None
    return np.array(positive), np.array(negative)
