"""The section with the confusion matrices."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from model_build.evaluation.details import Details, ModelScores
from model_build.report.findings import Findings
from model_build.report.sections.section import KIND_WORDS, Section, clips_of


def confusions_section(findings: Findings, _: Path | None) -> Section:
    """Return a confusion matrix for each kind of clip."""
    tables = "".join(
        f'<div class="wide">{_matrix(findings.details, findings.our_scores, kind)}</div>'
        for kind in KIND_WORDS
        if kind in findings.ours.top1
    )
    return Section(
        "Confusions",
        "Blue counts as right (a harp may be called a string or a guitar), red does not.",
        tables,
    )


def _matrix(details: Details, model: ModelScores, kind: str) -> str:
    counts: dict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for path, clip in clips_of(details, model, kind):
        best = model.families[int(np.argmax(model.scores[path]))]
        counts[clip.label][best, best in clip.accepts] += 1
    head = "".join(f'<th scope="col"><span>{escape(f)}</span></th>' for f in model.families)
    body = "".join(_matrix_row(label, counts[label], model.families) for label in sorted(counts))
    return (
        f'<table class="confusion"><caption>{escape(kind)}: share (%) of each family\'s clips by '
        f'the family that is named</caption><thead><tr><th scope="col">truth</th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table>"
    )


def _matrix_row(label: str, counts: Counter[tuple[str, bool]], families: Sequence[str]) -> str:
    total = counts.total()
    cells = [f'<th scope="row">{escape(label)} <small>{total}</small></th>']
    for family in families:
        accepted, wrong = counts[family, True], counts[family, False]
        if not accepted + wrong:
            cells.append("<td></td>")
            continue
        share = 100.0 * (accepted + wrong) / total
        look = "right" if accepted >= wrong else "wrong"
        tooltip = f"{label} named {family}: {accepted + wrong} of {total}"
        tooltip += f", {accepted} of them accepted" if accepted and wrong else ""
        cells.append(
            f'<td class="{look}" style="--share:{min(90.0, 8 + share):.0f}%" '
            f'title="{escape(tooltip)}">{share:.0f}</td>'
        )
    return f"<tr>{''.join(cells)}</tr>"
