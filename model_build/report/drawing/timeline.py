"""A timeline of bars in two groups of lanes, a row for every ten minutes."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from model_build.report.drawing.svg import box, svg, text

ROW_SECONDS = 600.0
WIDTH, LEFT, RIGHT = 1000.0, 46.0, 20.0
BAR, GAP, RULER = 17.0, 3.0, 18.0
LETTER = 5.9  # approximate width of one letter
SHORTEST = 3  # letters of a label that is still readable


class Bar(NamedTuple):
    """A span of time."""

    start: float
    """Start in seconds."""
    end: float
    """End in seconds."""
    words: str
    """Label; cut where the bar is too short."""
    look: str
    """CSS class."""
    tooltip: str
    """Text of its tooltip."""


def timeline(groups: Mapping[str, Sequence[Bar]], seconds: float) -> str:
    """Return the rows of `seconds` of time; each group of bars has lanes of its own."""
    starts = range(int(-(-seconds // ROW_SECONDS)))
    rows = (_row(row * ROW_SECONDS, seconds, groups) for row in starts)
    return "".join(f'<div class="wide">{row}</div>' for row in rows)


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds."""
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"


def _row(start: float, seconds: float, groups: Mapping[str, Sequence[Bar]]) -> str:
    end = min(start + ROW_SECONDS, seconds)
    lanes_of = {name: _lanes(bars, start, end) for name, bars in groups.items()}
    every = [lane for lanes in lanes_of.values() for lane in lanes]
    height = RULER + len(every) * (BAR + GAP) + 2 * GAP
    parts = [_ruler(start, end, height)]
    top = RULER
    for name, lanes in lanes_of.items():
        parts.append(text(LEFT - 6, top + BAR - 5, name, anchor="end"))
        for lane in lanes:
            parts += [_drawn(bar, start, end, top) for bar in lane]
            top += BAR + GAP
        top += GAP
    description = f"From {clock(start)} to {clock(end)}: " + "; ".join(
        bar.tooltip for lane in every for bar in lane
    )
    return svg("".join(parts), (WIDTH, height), description)


def _lanes(bars: Sequence[Bar], start: float, end: float) -> list[list[Bar]]:
    """Return the bars of a row in as few lanes as possible without overlaps; at least one lane."""
    lanes: list[list[Bar]] = [[]]
    for bar in sorted(bars, key=lambda b: b.start):
        if bar.end <= start or bar.start >= end:
            continue
        lane = next((some for some in lanes if not some or some[-1].end <= bar.start), None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes


def _drawn(bar: Bar, start: float, end: float, top: float) -> str:
    left = _across(max(bar.start, start), start)
    width = max(2.0, _across(min(bar.end, end), start) - left)
    drawn = box(left, top, width=width, height=BAR, look=f"bar {bar.look}", tooltip=bar.tooltip)
    fitting = bar.words[: int((width - 6) / LETTER)]
    if len(fitting) < SHORTEST:
        return drawn
    return drawn + text(left + 3, top + BAR - 5, fitting, anchor="start", look=f"in {bar.look}")


def _ruler(start: float, end: float, height: float) -> str:
    parts = []
    for minute in range(int(start // 60), int(end // 60) + 1):
        across = _across(minute * 60.0, start)
        parts.append(f'<line class="rule" x1="{across:.1f}" y1="{RULER - 4}" x2="{across:.1f}" ')
        parts.append(f'y2="{height:.1f}"/>')
        if across <= WIDTH - RIGHT:
            parts.append(text(across, RULER - 7, escape(clock(minute * 60.0))))
    return f'<g class="axes">{"".join(parts)}</g>'


def _across(second: float, start: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (second - start) / ROW_SECONDS
