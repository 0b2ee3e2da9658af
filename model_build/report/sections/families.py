"""The section with the share of each family that is named correctly."""

from html import escape
from pathlib import Path

from model_build.evaluation.clip_figures import FEWEST_CLIPS
from model_build.report.drawing.gauge import gauge
from model_build.report.findings import PEER, Findings
from model_build.report.sections.section import KIND_WORDS, Section

TARGET = 0.7  # of the weakest family


def families_section(findings: Findings, _: Path | None) -> Section:
    """Return a bar for each family, by kind of clip."""
    parts = []
    for kind, words in KIND_WORDS.items():
        if kind in findings.ours.by_family:
            peer = findings.peer.by_family.get(kind, {}) if findings.peer else {}
            bars = _family_bars(
                findings.ours.by_family[kind], peer, findings.ours.clips_by_family[kind]
            )
            parts.append(f"<figure><figcaption>{words}</figcaption>{bars}</figure>")
    return Section(
        "Families",
        f"Share of each family's clips that are named correctly, lowest first. With fewer than "
        f"{FEWEST_CLIPS} clips a share is uncertain. The thin mark is the target of the weakest "
        f"family, the thick one {PEER}.",
        f'<div class="grid">{"".join(parts)}</div>',
    )


def _family_bars(ours: dict[str, float], peer: dict[str, float], clips: dict[str, int]) -> str:
    rows = []
    for family, share in sorted(ours.items(), key=lambda item: item[1]):
        theirs = peer.get(family)
        beside = "" if theirs is None else f' <span class="peer">{theirs:.2f}</span>'
        rows.append(
            f'<tr><th scope="row">{escape(family)} <small>{clips[family]} clips</small></th>'
            f"<td>{gauge(share, theirs, TARGET)}</td><td>{share:.2f}{beside}</td></tr>"
        )
    return f'<table class="families"><tbody>{"".join(rows)}</tbody></table>'
