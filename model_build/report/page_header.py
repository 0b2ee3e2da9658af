"""The top of the page: the model's name, a summary, and its main figures."""

from html import escape

from model_build.report.drawing.gauge import gauge
from model_build.report.findings import PEER, Findings
from model_build.report.targets import ROWS

HEADLINES = ("room: top-1", "phrase: top-1", "day: right family", "room: weakest family")


def page_header(findings: Findings) -> str:
    """Return the header's HTML."""
    return (
        f"<h1>{escape(findings.name)}</h1>{_summary(findings)}{_legend(findings)}{_tiles(findings)}"
    )


def _summary(findings: Findings) -> str:
    verdicts = [row.verdict(findings.ours) for row in ROWS]
    known = [verdict for verdict in verdicts if verdict]
    reached = len(known) - known.count("missed")
    times = findings.dev_readings.times_in_words
    counted = f" They were measured {times} during development." if times else ""
    clips = findings.ours.clips
    return (
        f"<p>Reaches {reached} of {len(known)} targets, and the stretch goal of "
        f"{known.count('stretch')}. Measured on {sum(clips.values())} clips that were not used for "
        f"training.{counted}</p>"
    )


def _legend(findings: Findings) -> str:
    peer = f'<span class="key peer">{PEER}</span>' if findings.peer else ""
    return f'<p class="keys"><span class="key ours">{escape(findings.name)}</span>{peer}</p>'


def _tiles(findings: Findings) -> str:
    tiles = []
    for row in (row for row in ROWS if row.name in HEADLINES):
        value = row.value(findings.ours)
        if value is None:
            continue
        theirs = row.value(findings.peer) if findings.peer else None
        beside = f" · {PEER} {100 * theirs:.1f} %" if theirs is not None else ""
        remark = f" ({escape(row.remark(findings.ours))})" if row.remark(findings.ours) else ""
        tiles.append(
            f'<div class="tile"><span>{escape(row.name)}{remark}</span>'
            f"<b>{100 * value:.1f}<small> %</small></b>"
            f"{gauge(value, theirs, row.target)}"
            f"<small>target {100 * row.target:.0f} %{beside}</small></div>"
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'
