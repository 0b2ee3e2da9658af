"""One static HTML page about recordings; it loads nothing from anywhere."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from daemon.commands.practice.curves import BIN_CENTS, cents_histogram, tempo_curve
from daemon.commands.practice.figures import figure_lines
from daemon.commands.terminal import format_time
from daemon.practice.analysis.recording import Recording
from daemon.practice.spelling import note_name
from daemon.system.printable import printable

_WIDTH, _ROW, _HEIGHT, _MARGIN = 900, 8, 120, 48
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th { text-align: left; font-weight: 600; padding-right: 1.5rem; vertical-align: top; }
svg { width: 100%; height: auto; }
svg text { font-size: 11px; fill: currentColor; }
rect { fill: #3b82c4; } polyline { fill: none; stroke: #3b82c4; stroke-width: 2; }
line { stroke: currentColor; opacity: .15; }
"""


def write_html(path: Path, recordings: Sequence[tuple[str, Recording]]) -> None:
    """Write the page about all `recordings`, each with its file's name."""
    body = "\n".join(part for file, found in recordings for part in _section(file, found))
    # The policy makes sure that no browser sends a request, whatever a file's name contains.
    path.write_text(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Practice</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n"
        "</body>\n</html>\n",
        encoding="utf-8",
    )


def _section(file: str, recording: Recording) -> Iterator[str]:
    yield f"<h2>{_text(file)} <small>{format_time(recording.seconds)}</small></h2>"
    rows = (f"<tr><th>{n}</th><td>{_text(t)}</td></tr>" for n, t in figure_lines(recording))
    yield f"<table>{''.join(rows)}</table>"
    if recording.notes:
        yield "<h3>Notes</h3>"
        yield _piano_roll(recording)
    if points := tempo_curve(recording.rhythm):
        yield "<h3>Tempo</h3>"
        yield _tempo(points, recording.seconds)
    if recording.notes:
        yield "<h3>Cents of sustained notes, by duration</h3>"
        yield _histogram(cents_histogram(recording.notes))


def _text(text: str) -> str:
    return escape(printable(text))


def _piano_roll(recording: Recording) -> str:
    notes = recording.notes or []
    low, high = min(note.midi for note in notes), max(note.midi for note in notes)
    height = _ROW * (high - low + 1)
    scale = (_WIDTH - _MARGIN) / recording.seconds
    parts = [
        f'<text x="0" y="{_ROW * (high - c) + _ROW}">{note_name(c, recording.key)}</text>'
        f'<line x1="{_MARGIN}" x2="{_WIDTH}" y1="{_ROW * (high - c) + _ROW}" '
        f'y2="{_ROW * (high - c) + _ROW}"/>'
        for c in range(low, high + 1)
        if c % 12 == 0 or c in {low, high}
    ]
    parts += [
        f'<rect x="{_MARGIN + note.onset * scale:.1f}" y="{_ROW * (high - note.midi)}" '
        f'width="{max(1.0, (note.offset - note.onset) * scale):.1f}" height="{_ROW - 1}">'
        f"<title>{note_name(note.midi, recording.key)} {note.cents:+.0f} cents, "
        f"{note.onset:.2f} s</title></rect>"
        for note in notes
    ]
    return _svg(height, parts)


def _tempo(points: Sequence[tuple[float, float]], seconds: float) -> str:
    slowest, fastest = min(bpm for _, bpm in points), max(bpm for _, bpm in points)
    span = max(fastest - slowest, 1.0)
    line = " ".join(
        f"{_MARGIN + at * (_WIDTH - _MARGIN) / seconds:.1f},"
        f"{_HEIGHT - 10 - (bpm - slowest) / span * (_HEIGHT - 20):.1f}"
        for at, bpm in points
    )
    labels = [
        f'<text x="0" y="14">{fastest:.0f} bpm</text>',
        f'<text x="0" y="{_HEIGHT - 6}">{slowest:.0f} bpm</text>',
    ]
    return _svg(_HEIGHT, [*labels, f'<polyline points="{line}"/>'])


def _histogram(bars: Sequence[tuple[int, float]]) -> str:
    longest = max(seconds for _, seconds in bars) or 1.0
    width = (_WIDTH - _MARGIN) / len(bars)
    parts = []
    for number, (cents, seconds) in enumerate(bars):
        x, tall = _MARGIN + number * width, seconds / longest * (_HEIGHT - 20)
        parts.append(
            f'<rect x="{x:.1f}" y="{_HEIGHT - 16 - tall:.1f}" width="{width - 4:.1f}" '
            f'height="{tall:.1f}"><title>{cents:+d} ± {BIN_CENTS // 2} cents: {seconds:.1f} s'
            f'</title></rect><text x="{x:.1f}" y="{_HEIGHT - 2}">{cents:+d}</text>'
        )
    return _svg(_HEIGHT, parts)


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img">{"".join(parts)}</svg>'
