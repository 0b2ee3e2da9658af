"""The section with all figures and their targets."""

from html import escape
from pathlib import Path

from model_build.evaluation.figures import Figures
from model_build.report.findings import PEER, Findings
from model_build.report.sections.section import Section
from model_build.report.target_row import Row
from model_build.report.targets import ROWS, second_rows

MARKS = {"stretch": "✓✓", "met": "✓", "missed": "✗"}


def targets_section(findings: Findings, _: Path | None) -> Section:
    """Return the table of figures and targets."""
    peer = findings.peer
    head = f"<th></th><th>{escape(findings.name)}</th>"
    head += f"<th>{PEER}</th>" if peer else ""
    rows = "".join(_row(row, findings.ours, peer) for row in ROWS)
    body = _table(head, rows)
    if (second := findings.ours.second) is not None:
        theirs = peer.second if peer else None
        rows = "".join(_row(row, second, theirs) for row in second_rows([findings.ours]))
        paths = escape(findings.ours.second_paths)
        body += (
            f"<p>Clips that were added to the corpus later ({paths}), with rooms that are rendered "
            f"for the measurement:</p>{_table(head, rows)}"
        )
    return Section(
        "Targets",
        "✓ reaches the target, ✓✓ also the stretch goal, ✗ neither. Intervals are confidence "
        "intervals (95 %), of counts those of their mean.",
        body,
    )


def _table(head: str, rows: str) -> str:
    return (
        f'<div class="wide"><table class="targets"><thead><tr>{head}<th>target</th><th>stretch</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: Row, ours: Figures, peer: Figures | None) -> str:
    verdict = row.verdict(ours)
    mark = f'<span class="mark" title="{verdict}">{MARKS[verdict]}</span> ' if verdict else ""
    cells = [
        f'<th scope="row">{escape(row.name)}</th>',
        f'<td class="{verdict or "unknown"}">{mark}{escape(row.cell(ours))}</td>',
    ]
    if peer:
        cells.append(f"<td>{escape(row.cell(peer))}</td>")
    cells += [f"<td>{row.aim(row.target)}</td>", f"<td>{row.aim(row.stretch)}</td>"]
    return f"<tr>{''.join(cells)}</tr>"
