"""The HTML page of a run. It loads nothing from elsewhere."""

from collections.abc import Callable
from html import escape
from pathlib import Path

from model_build.report.findings import Findings
from model_build.report.page_header import page_header
from model_build.report.sections.ablations import ablations_section
from model_build.report.sections.confusions import confusions_section
from model_build.report.sections.curves import curves_section
from model_build.report.sections.day import day_section
from model_build.report.sections.families import families_section
from model_build.report.sections.mistakes import mistakes_section
from model_build.report.sections.reliability import reliability_section
from model_build.report.sections.section import Section
from model_build.report.sections.sweeps import sweeps_section
from model_build.report.sections.targets import targets_section
from model_build.report.sections.training import training_section

_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
_SECTIONS: tuple[Callable[[Findings, Path | None], Section | None], ...] = (
    targets_section,
    families_section,
    confusions_section,
    curves_section,
    reliability_section,
    sweeps_section,
    day_section,
    mistakes_section,
    ablations_section,
    training_section,
)


def page(findings: Findings, corpus: Path | None) -> str:
    """Return the page; sections without data are left out.

    `corpus` is the corpus folder, for pictures of its clips.
    """
    sections = [section for make in _SECTIONS if (section := make(findings, corpus)) is not None]
    links = " ".join(f'<a href="#s{n}">{s.heading}</a>' for n, s in enumerate(sections))
    bodies = "".join(
        f'<section id="s{n}"><h2>{s.heading}</h2><p class="lead">{s.lead}</p>{s.body}</section>'
        for n, s in enumerate(sections)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(findings.name)}: evaluation</title><style>{_STYLE}</style></head>"
        f"<body><main><header>{page_header(findings)}<nav>{links}</nav></header>"
        f"{bodies}</main></body></html>\n"
    )
