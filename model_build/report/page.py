"""What is known of a run in, one HTML page out that loads nothing: pictures first, words few."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import NamedTuple

from model_build.evaluation.clip_figures import FEWEST_CLIPS, Figures
from model_build.report import pictures
from model_build.report.findings import PEER, Findings
from model_build.report.mistakes import worst
from model_build.report.targets import ROWS, Row
from model_build.report.timeline import timeline

MISTAKES = 12
MARKS = {"stretch": "✓✓", "met": "✓", "missed": "✗"}
HEADLINES = ("room: top-1", "phrase: top-1", "day: right family", "room: weakest family")
KINDS = {"room": "Across a room, with noise", "phrase": "Close and clean"}


class Section(NamedTuple):
    """A part of the page: its heading, what to know to read it, its body."""

    heading: str
    lead: str
    body: str


def page(findings: Findings, corpus: Path | None) -> str:
    """The whole page; sections of which nothing is known are left out."""
    sections = [section for make in _SECTIONS if (section := make(findings, corpus)) is not None]
    links = " ".join(f'<a href="#s{n}">{s.heading}</a>' for n, s in enumerate(sections))
    bodies = "".join(
        f'<section id="s{n}"><h2>{s.heading}</h2><p class="lead">{s.lead}</p>{s.body}</section>'
        for n, s in enumerate(sections)
    )
    name = escape(findings.name)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: how well it hears</title><style>{_STYLE}</style></head><body><main>"
        f"<header><h1>{name}</h1>{_summary(findings)}{_tiles(findings)}<nav>{links}</nav></header>"
        f"{bodies}</main></body></html>\n"
    )


def _summary(findings: Findings) -> str:
    verdicts = [row.verdict(findings.ours) for row in ROWS]
    known = [verdict for verdict in verdicts if verdict]
    reached = len(known) - known.count("missed")
    looks = findings.dev_readings.counted
    counted = f" They were measured {looks} during development." if looks else ""
    clips = findings.ours.clips
    return (
        f"<p>Reaches {reached} of {len(known)} targets, {known.count('stretch')} of them beyond "
        f"what was asked. Measured on {sum(clips.values())} clips that it was not trained "
        f"on.{counted}</p>{_key(findings)}"
    )


def _key(findings: Findings) -> str:
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
            f"{pictures.gauge(value, theirs, row.target)}"
            f"<small>target {100 * row.target:.0f} %{beside}</small></div>"
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _targets(findings: Findings, _: Path | None) -> Section:
    peer = findings.peer
    head = f"<th></th><th>{escape(findings.name)}</th>"
    head += f"<th>{PEER}</th>" if peer else ""
    rows = "".join(_target_row(row, findings.ours, peer) for row in ROWS)
    return Section(
        "Targets",
        "✓ reaches the target, ✓✓ the stretch as well, ✗ neither. Interval: 95 % of the "
        "mean of such a count.",
        f'<div class="wide"><table class="targets"><thead><tr>{head}<th>target</th><th>stretch</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _target_row(row: Row, ours: Figures, peer: Figures | None) -> str:
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


def _families(findings: Findings, _: Path | None) -> Section:
    parts = []
    for kind, words in KINDS.items():
        if kind in findings.ours.by_family:
            peer = findings.peer.by_family.get(kind, {}) if findings.peer else {}
            bars = pictures.family_bars(
                findings.ours.by_family[kind], peer, findings.ours.clips_by_family[kind]
            )
            parts.append(f"<figure><figcaption>{words}</figcaption>{bars}</figure>")
    return Section(
        "Families",
        f"Share of the clips of each family that is named right, the weakest first. Fewer than "
        f"{FEWEST_CLIPS} clips say little. The thin line is the target of the weakest, the thick "
        f"one {PEER}.",
        f'<div class="grid">{"".join(parts)}</div>',
    )


def _confusions(findings: Findings, _: Path | None) -> Section:
    said = next(iter(findings.said.values()))
    tables = "".join(
        f'<div class="wide">{pictures.confusion(findings.details, said, kind)}</div>'
        for kind in KINDS
        if kind in findings.ours.top1
    )
    return Section(
        "Taken for what",
        "Blue counts as right (a harp may be called a string or a guitar), red does not.",
        tables,
    )


def _curves(findings: Findings, _: Path | None) -> Section:
    kind = "room" if "room" in findings.ours.top1 else "phrase"
    return Section(
        "Each family against all else",
        f"{KINDS[kind]}; speech and noise count as all else. Left ROC, right precision against "
        "recall; the numbers are the areas under them.",
        pictures.curves(findings.details, findings.said, kind),
    )


def _reliability(findings: Findings, _: Path | None) -> Section:
    figures = "".join(
        f"<figure><figcaption>{words}</figcaption>"
        f"{pictures.reliability_diagram(findings.details, findings.said, kind)}</figure>"
        for kind, words in KINDS.items()
        if kind in findings.ours.top1
    )
    return Section(
        "Is a score a probability?",
        "15 bins of equally many clips. On the diagonal a score says how likely it is right; above "
        "it, the model is too modest.",
        f'<div class="grid charts">{figures}</div>',
    )


def _sweeps(findings: Findings, _: Path | None) -> Section | None:
    points = next(iter(findings.said.values())).points
    if not points:
        return None
    return Section(
        "Noise, distance, level",
        f"The same {points[0].clips} phrases in simulated rooms, one condition changed at a time "
        "from 2 m, no noise, -32 dBFS. Scores are medians.",
        pictures.sweeps(findings.said),
    )


def _day(findings: Findings, _: Path | None) -> Section | None:
    day, figures = findings.details.day, findings.ours.day
    if figures is None:
        return None
    keys = "".join(
        f'<span class="swatch {look}">{words}</span>'
        for look, words in (
            ("music", "music"),
            ("missed", "music that nobody heard"),
            ("other", "speech, noise, silence"),
            ("right", "heard right"),
            ("wrong", "of another family"),
            ("false", "where no music was"),
        )
    )
    return Section(
        "A day at home",
        f"{figures.passages} passages of music in {day.seconds / 60:.0f} minutes: "
        f"{100 * figures.hits:.0f} % heard, {100 * figures.right:.0f} % as the right family; "
        f"{figures.false_events} events without music, {figures.wrong_events} of another family.",
        f'<p class="keys">{keys}</p>{timeline(day)}',
    )


def _mistakes(findings: Findings, corpus: Path | None) -> Section | None:
    said = findings.said
    found = worst(findings.details, said[findings.name], MISTAKES)
    if not found:
        return None
    cards = "".join(pictures.mistake_card(one, said.get(PEER), corpus) for one in found)
    return Section(
        "Worst mistakes",
        "Most sure and most wrong, one of each source. Time runs to the right, pitch upwards.",
        f'<div class="grid cards">{cards}</div>',
    )


def _ablations(findings: Findings, _: Path | None) -> Section | None:
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
        "Figures on the held-out part of the training clips, by which was chosen.",
        f'<div class="wide"><table class="tried"><thead><tr><th>run</th><th>change</th>{head}'
        f"<th>learned</th></tr></thead><tbody>{body}</tbody></table></div>",
    )


def _history(findings: Findings, _: Path | None) -> Section | None:
    if not findings.history:
        return None
    return Section(
        "Training",
        '<span class="key faint">in training</span> <span class="key ours">held out</span>',
        pictures.histories(findings.history),
    )


_SECTIONS: tuple[Callable[[Findings, Path | None], Section | None], ...] = (
    _targets,
    _families,
    _confusions,
    _curves,
    _reliability,
    _sweeps,
    _day,
    _mistakes,
    _ablations,
    _history,
)
_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
