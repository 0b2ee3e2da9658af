"""The model card of a run, as Markdown."""

from pathlib import Path

from model_build.report.card.data import data
from model_build.report.card.failures import failures
from model_build.report.card.purpose import purpose
from model_build.report.card.quality import quality
from model_build.report.card.rebuild import rebuild
from model_build.report.findings import Findings
from model_build.report.markdown import bullets


def model_card(findings: Findings, corpus: Path | None) -> str:
    """Return the whole card; `corpus` is the corpus folder, for runs without a list of clips."""
    parts = [
        f"# Model card: {findings.name}",
        purpose(findings),
        "## How well it performs",
        quality(findings),
        "## Known weaknesses",
        bullets(failures(findings)),
        "## Training data",
        data(findings, corpus),
        "## How to rebuild it",
        rebuild(findings),
    ]
    return "\n\n".join(parts) + "\n"
