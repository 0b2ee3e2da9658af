"""Axes of charts, and their ticks."""

import math
from collections.abc import Sequence
from typing import NamedTuple

SHARE_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_MOST_STEPS = 4.5  # between ticks
_EPSILON = 1e-9


class Axis(NamedTuple):
    """An axis of a chart."""

    label: str
    """Text beside it."""
    low: float
    """Value at its start."""
    high: float
    """Value at its end."""
    ticks: Sequence[float]
    """Values that are marked."""

    def at(self, value: float) -> float:
        """Return the position of a value: 0 at `low`, 1 at `high`."""
        return (value - self.low) / (self.high - self.low)


def share_axis(label: str, low: float = 0.0) -> Axis:
    """Return an axis from `low` to 1."""
    return Axis(label, low, 1.0, [tick for tick in SHARE_TICKS if tick >= low])


def axis_around(label: str, values: Sequence[float]) -> Axis:
    """Return an axis that holds all values, with about four round ticks."""
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    magnitude = 10.0 ** math.floor(math.log10(span / _MOST_STEPS))
    step = next(n * magnitude for n in (1, 2, 5, 10, 20) if span <= _MOST_STEPS * n * magnitude)
    first = math.floor(low / step + _EPSILON)
    last = max(math.ceil(high / step - _EPSILON), first + 1)
    ticks = [round(step * n, 10) for n in range(first, last + 1)]
    return Axis(label, ticks[0], ticks[-1], ticks)
