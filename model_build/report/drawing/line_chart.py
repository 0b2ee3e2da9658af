"""Line charts."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from model_build.report.drawing.axis import Axis
from model_build.report.drawing.svg import rule, svg, text

LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 8.0, 36.0
MOST_POINTS = 160


class Series(NamedTuple):
    """Points joined by a line."""

    name: str
    """Text of its tooltip."""
    look: str
    """CSS class of the line."""
    x: Sequence[float]
    """Horizontal values."""
    y: Sequence[float]
    """Vertical values."""
    dots: bool = False
    """True if each point is marked."""


def line_chart(
    series: Sequence[Series],
    x: Axis,
    y: Axis,
    *,
    description: str,
    size: tuple[int, int] = (320, 220),
    diagonal: bool = False,
) -> str:
    """Return a chart as SVG; `description` is for screen readers."""
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
    return svg("".join(parts), size, description)


class _Plot:
    """The plane of a chart: draws its axes, and converts values to positions."""

    def __init__(self, x: Axis, y: Axis, size: tuple[int, int]) -> None:
        self._x, self._y = x, y
        self._width, self._height = size[0] - LEFT - RIGHT, size[1] - TOP - BOTTOM

    def frame(self) -> str:
        """Draw grid, ticks and labels."""
        parts = []
        for tick in self._x.ticks:
            across = self._across(tick)
            parts.append(rule(across, TOP, across, TOP + self._height))
            parts.append(text(across, TOP + self._height + 14, f"{tick:g}"))
        for tick in self._y.ticks:
            down = self._down(tick)
            parts.append(rule(LEFT, down, LEFT + self._width, down))
            parts.append(text(LEFT - 6, down + 3.5, f"{tick:g}", anchor="end"))
        parts.append(text(LEFT + self._width / 2, TOP + self._height + 29, self._x.label))
        middle = TOP + self._height / 2
        words = text(0, 0, self._y.label)
        parts.append(f'<g transform="translate(10 {middle:.1f}) rotate(-90)">{words}</g>')
        return f'<g class="axes">{"".join(parts)}</g>'

    def line(self, xs: Sequence[float], ys: Sequence[float], look: str) -> str:
        """Draw a line through points."""
        points = " ".join(
            f"{self._across(a):.1f},{self._down(b):.1f}" for a, b in zip(xs, ys, strict=True)
        )
        return f'<polyline class="line {look}" points="{points}"/>'

    def dot(self, x: float, y: float, series: Series) -> str:
        """Draw a point with its values as a tooltip."""
        tooltip = escape(f"{series.name}: {self._x.label} {x:.3g}, {self._y.label} {y:.3g}")
        return (
            f'<circle class="dot {series.look}" cx="{self._across(x):.1f}" '
            f'cy="{self._down(y):.1f}" r="3"><title>{tooltip}</title></circle>'
        )

    def _across(self, value: float) -> float:
        return LEFT + self._width * self._x.at(value)

    def _down(self, value: float) -> float:
        return TOP + self._height * (1.0 - self._y.at(value))


def _thinned(values: Sequence[float]) -> Sequence[float]:
    """Return about MOST_POINTS of the values at most, the first and the last always included."""
    step = -(-len(values) // MOST_POINTS)
    return values if step <= 1 else [*values[:-1:step], values[-1]]
