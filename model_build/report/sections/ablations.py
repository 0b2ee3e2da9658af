"""The section with the variants that were tried before this model."""

from html import escape
from pathlib import Path

from model_build.report.findings import Findings
from model_build.report.sections.section import Section


def ablations_section(findings: Findings, _: Path | None) -> Section | None:
    """Return the table of variants."""
    rows = findings.ablations.rows
    if not rows:
        return None
    names = list(dict.fromkeys(name for row in rows for name in row.held))
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(
        f'<tr><th scope="row">{escape(row.name)}</th><td>{escape(row.change)}</td>'
        + "".join(f"<td>{row.held[n]:.3f}</td>" if n in row.held else "<td></td>" for n in names)
        + f"<td>{escape(row.note)}</td></tr>"
        for row in rows
    )
    return Section(
        "What was tried",
        "Variants were chosen by these figures, on the held-out part of the training clips.",
        f'<div class="wide"><table class="tried"><thead><tr><th>run</th><th>change</th>{head}'
        f"<th>conclusion</th></tr></thead><tbody>{body}</tbody></table></div>",
    )
