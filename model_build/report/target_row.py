"""A figure with its target, as a row of a table."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from model_build.evaluation.figures import Figures

NONE = "-"
_EPSILON = 1e-9

Value = Callable[[Figures], float | None]
Verdict = Literal["stretch", "met", "missed"]


class Row(NamedTuple):
    """A figure with a target and a more ambitious stretch goal."""

    name: str
    """The figure's name."""
    value: Value
    """Returns the figure of a model; None if it was not measured."""
    target: float
    """The value that a model should reach."""
    stretch: float
    """The value that it would ideally reach."""
    at_least: bool = True
    """True if higher values are better."""
    text: str = "{:.3f}"
    """Format of the value."""
    remark: Callable[[Figures], str] = lambda _: ""
    """Returns text to show after the value."""

    def cell(self, figures: Figures) -> str:
        """Return the figure as text, with its remark."""
        value = self.value(figures)
        if value is None:
            return NONE
        return f"{self.text.format(value)} {self.remark(figures)}".rstrip()

    def aim(self, value: float) -> str:
        """Return the target or the stretch goal as text."""
        return f"{'≥' if self.at_least else '≤'} {self.text.format(value)}"

    def verdict(self, figures: Figures) -> Verdict | None:
        """Return whether the figure reaches the stretch goal, the target or neither.

        None if it was not measured.
        """
        value = self.value(figures)
        if value is None:
            return None
        sign = 1.0 if self.at_least else -1.0
        if sign * (value - self.stretch) >= -_EPSILON:
            return "stretch"
        return "met" if sign * (value - self.target) >= -_EPSILON else "missed"
