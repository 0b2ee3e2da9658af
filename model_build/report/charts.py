"""Numbers in, charts as SVG out, coloured by the page's CSS so that they suit light and dark."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 8.0, 36.0
MOST_POINTS = 160
MOST_STEPS = 4.5  # between ticks
EPSILON = 1e-9


class Axis(NamedTuple):
    """An axis: what it shows, from where to where, marked at `ticks`."""

    label: str
    low: float
    high: float
    ticks: Sequence[float]

    def at(self, value: float) -> float:
        """Where a value lies, 0 at the low end, 1 at the high one."""
        return (value - self.low) / (self.high - self.low)


class Series(NamedTuple):
    """Points joined by a line; `look` is the CSS class that draws it."""

    name: str
    look: str
    x: Sequence[float]
    y: Sequence[float]
    dots: bool = False


SHARE_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def share_axis(label: str, low: float = 0.0) -> Axis:
    """An axis from `low` to 1."""
    return Axis(label, low, 1.0, [tick for tick in SHARE_TICKS if tick >= low])


def axis_around(label: str, values: Sequence[float]) -> Axis:
    """An axis that holds all the values, with about four round ticks."""
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    magnitude = 10.0 ** math.floor(math.log10(span / MOST_STEPS))
    step = next(n * magnitude for n in (1, 2, 5, 10, 20) if span <= MOST_STEPS * n * magnitude)
    first = math.floor(low / step + EPSILON)
    last = max(math.ceil(high / step - EPSILON), first + 1)
    ticks = [round(step * n, 10) for n in range(first, last + 1)]
    return Axis(label, ticks[0], ticks[-1], ticks)


def line_chart(
    series: Sequence[Series],
    x: Axis,
    y: Axis,
    *,
    said: str,
    size: tuple[int, int] = (320, 220),
    diagonal: bool = False,
) -> str:
    """A chart of lines; `said` is what it is to someone who cannot see it."""
    plot = _Plot(x, y, size)
    parts = [plot.frame()]
    if diagonal:
        parts.append(plot.line([x.low, x.high], [y.low, y.high], "diagonal"))
    for one in series:
        xs, ys = _thinned(one.x), _thinned(one.y)
        parts.append(f"<g><title>{escape(one.name)}</title>{plot.line(xs, ys, one.look)}")
        if one.dots:
            parts += [plot.dot(a, b, one) for a, b in zip(xs, ys, strict=True)]
        parts.append("</g>")
    return svg("".join(parts), size, said)


def svg(inside: str, size: tuple[float, float], said: str) -> str:
    """An SVG picture that scales with the page."""
    return (
        f'<svg role="img" aria-label="{escape(said)}" viewBox="0 0 {size[0]:g} {size[1]:g}">'
        f"{inside}</svg>"
    )


def text(x: float, y: float, words: str, *, anchor: str = "middle", look: str = "") -> str:
    """Words in a picture."""
    style = f' class="{look}"' if look else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(words)}</text>'


def box(x: float, y: float, *, width: float, height: float, look: str, said: str) -> str:
    """A rectangle, with what is said of it when pointed at."""
    title = f"<title>{escape(said)}</title>"
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" '
        f'class="{look}">{title}</rect>'
    )


class _Plot:
    """The plane of a chart: axes drawn, values brought to their places."""

    def __init__(self, x: Axis, y: Axis, size: tuple[int, int]) -> None:
        self._x, self._y = x, y
        self._width, self._height = size[0] - LEFT - RIGHT, size[1] - TOP - BOTTOM

    def frame(self) -> str:
        """Grid, ticks and labels."""
        parts = []
        for tick in self._x.ticks:
            across = self._across(tick)
            parts.append(_rule(across, TOP, across, TOP + self._height))
            parts.append(text(across, TOP + self._height + 14, f"{tick:g}"))
        for tick in self._y.ticks:
            down = self._down(tick)
            parts.append(_rule(LEFT, down, LEFT + self._width, down))
            parts.append(text(LEFT - 6, down + 3.5, f"{tick:g}", anchor="end"))
        parts.append(text(LEFT + self._width / 2, TOP + self._height + 29, self._x.label))
        middle = TOP + self._height / 2
        words = text(0, 0, self._y.label)
        parts.append(f'<g transform="translate(10 {middle:.1f}) rotate(-90)">{words}</g>')
        return f'<g class="axes">{"".join(parts)}</g>'

    def line(self, xs: Sequence[float], ys: Sequence[float], look: str) -> str:
        """A line through points."""
        points = " ".join(
            f"{self._across(a):.1f},{self._down(b):.1f}" for a, b in zip(xs, ys, strict=True)
        )
        return f'<polyline class="line {look}" points="{points}"/>'

    def dot(self, x: float, y: float, series: Series) -> str:
        """A point, with its value when pointed at."""
        said = escape(f"{series.name}: {self._x.label} {x:.3g}, {self._y.label} {y:.3g}")
        return (
            f'<circle class="dot {series.look}" cx="{self._across(x):.1f}" '
            f'cy="{self._down(y):.1f}" r="3"><title>{said}</title></circle>'
        )

    def _across(self, value: float) -> float:
        return LEFT + self._width * self._x.at(value)

    def _down(self, value: float) -> float:
        return TOP + self._height * (1.0 - self._y.at(value))


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="rule" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _thinned(values: Sequence[float]) -> Sequence[float]:
    """At most about so many of the values, the first and the last always."""
    step = -(-len(values) // MOST_POINTS)
    return values if step <= 1 else [*values[:-1:step], values[-1]]
