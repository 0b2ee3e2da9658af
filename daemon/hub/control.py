"""One setting or button that the hub may change."""

import math
from typing import Any, NamedTuple


class Control(NamedTuple):
    """One setting or button, as Home Assistant shows it."""

    leaf: str
    """The last part of its state topic."""
    platform: str
    """Home Assistant's platform: switch, number, select or button."""
    name: str
    """The entity's name."""
    icon: str
    """The entity's icon, `mdi:…`."""
    lowest: float = math.nan
    """The least value of a number; NaN for other platforms."""
    highest: float = math.nan
    """The greatest value of a number; NaN for other platforms."""
    choices: tuple[str, ...] = ()
    """The values of a select; empty for other platforms."""
    more: tuple[tuple[str, Any], ...] = ()
    """Further discovery options as pairs of key and value."""

    @property
    def options(self) -> dict[str, Any]:
        """The discovery options apart from topics."""
        limits = {} if math.isnan(self.lowest) else {"min": self.lowest, "max": self.highest}
        choices = {"options": self.choices} if self.choices else {}
        return {**limits, **choices, **dict(self.more)}
