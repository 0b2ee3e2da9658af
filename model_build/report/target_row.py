"""A figure with its target, as a row of a table."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from model_build.evaluation.figures import Figures
from model_build.evaluation.metrics import wilson_interval

NONE = "-"
_EPSILON = 1e-9

Value = Callable[[Figures], float | None]
Interval = Callable[[Figures], tuple[float, float] | None]
Verdict = Literal["stretch", "met", "missed"]


def with_interval(share: float | None, count: int) -> str:
    """Return a share of `count` clips as text, with its confidence interval (95 %).

    Return `NONE` if it was not measured.
    """
    if share is None:
        return NONE
    bounds = "-".join(f"{bound:.2f}".lstrip("0") for bound in wilson_interval(share, count))
    return f"{share:.2f} ({bounds})"


class Row(NamedTuple):
    """A figure with a target and perhaps a more ambitious stretch goal."""

    name: str
    """The figure's name."""
    value: Value
    """Returns the figure of a model; None if it was not measured."""
    target: float
    """The value that a model should reach."""
    stretch: float | None = None
    """The value that it would ideally reach; None if there is no such goal."""
    at_least: bool = True
    """True if higher values are better."""
    text: str = "{:.3f}"
    """Format of the value."""
    interval: Interval = lambda _: None
    """Returns the confidence interval (95 %) of the value, to show after it; None without one."""
    remark: Callable[[Figures], str] = lambda _: ""
    """Returns text to show after the value."""

    def cell(self, figures: Figures) -> str:
        """Return the figure as text, with its interval and its remark."""
        value, interval = self.value(figures), self.interval(figures)
        if value is None:
            return NONE
        parts = [self.text.format(value), self.remark(figures)]
        if interval is not None:
            parts.insert(1, "({}-{})".format(*map(self.bound, interval)))
        return " ".join(filter(None, parts))

    def bound(self, value: float) -> str:
        """Return a bound of the interval as text: of shares without the zero before the point."""
        return f"{value:.1f}" if value > 1.0 or not self.at_least else f"{value:.2f}".lstrip("0")

    def aim(self, value: float | None) -> str:
        """Return the target or the stretch goal as text; empty if there is none."""
        if value is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {self.text.format(value)}"

    def verdict(self, figures: Figures) -> Verdict | None:
        """Return whether the figure reaches the stretch goal, the target or neither.

        None if it was not measured.
        """
        value = self.value(figures)
        if value is None:
            return None
        sign = 1.0 if self.at_least else -1.0
        if self.stretch is not None and sign * (value - self.stretch) >= -_EPSILON:
            return "stretch"
        return "met" if sign * (value - self.target) >= -_EPSILON else "missed"
