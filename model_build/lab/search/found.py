"""What a search found, and its files."""

from typing import Any

import msgspec

from model_build.lab.run.lab_run import Measured


class Trial(msgspec.Struct, frozen=True):
    """One trial."""

    values: dict[str, Any]
    """The values of the keys that vary; with Hyperband also `training.epochs`."""
    value: float | None
    """The figure, by cross-validation; None if there is none."""
    interval: tuple[float, float] | None = None
    """Its 95 % interval, by bootstrap over the groups."""
    problem: str = ""
    """Why the trial has no figure."""


class Found(msgspec.Struct, frozen=True):
    """The outcome of a search, or the part of it that is finished."""

    strategy: str
    """`random` or `hyperband`."""
    metric: str
    """The figure that trials are compared by."""
    clips: int
    """Recordings that the trials are cross-validated on."""
    trials: list[Trial]
    """The finished trials, in the order in which they were asked for."""
    best: int | None
    """Place of the best trial; None if no trial has a figure."""
    held_out: Measured | None = None
    """Figures of the best trial on the recordings that no trial got; None if there are none."""
