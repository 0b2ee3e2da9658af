"""The section `search`: which keys of the file are varied, and how."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from model_build.lab.experiment.validation import Metric
from model_build.recipe.section import Count, Positive, Section

Value = bool | int | float | str | tuple[int | float | str, ...] | None
"""What a key of an experiment can be set to."""


class Between(Section, frozen=True, kw_only=True, omit_defaults=True):
    """A range of numbers. Raises ValueError if it is empty or stated twice."""

    log: tuple[Positive, Positive] | None = None
    """Lowest and highest value; every ratio is equally likely."""
    linear: tuple[float, float] | None = None
    """Lowest and highest value; every difference is equally likely."""

    def __post_init__(self) -> None:
        if (self.log is None) == (self.linear is None):
            raise ValueError("set log or linear, to the lowest and the highest value")
        low, high = self.ends
        if not low < high:
            raise ValueError(f"{low:g} to {high:g} is not a range; write the lower value first")

    @property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest value."""
        return self.log or self.linear or (0.0, 0.0)


Choices = Between | tuple[Value, ...]
"""The values that a key can have: a range of numbers, or some values."""


class Search(Section, frozen=True, kw_only=True, omit_defaults=True):
    """A search for the best values of some keys, with KerasTuner. Raises ValueError if empty."""

    strategy: Literal["random", "hyperband"] = "random"
    """`random` draws all values at random. `hyperband` does the same with few epochs, and repeats
    the better trials with more, up to `training.epochs` (Li et al., 2018)."""
    trials: Count | None = None
    """Number of trials of `random`. Default: 10."""
    factor: Annotated[int, Meta(ge=2, le=10)] | None = None
    """`hyperband` repeats the best one of this many trials with this many times the epochs.
    Default: 3."""
    metric: Metric | None = None
    """The figure that trials are compared by. Default: `validation.metric`."""
    held_out: Annotated[float, Meta(ge=0, lt=1)] = 0.2
    """Share of the training recordings that no trial gets, whole groups if there are any. They
    measure the best trial; 0 to leave that to the test recordings."""
    space: dict[str, Choices]
    """The keys to vary, such as `training.learning_rate`, each with a list of values or with the
    ends of a range, as in `{log: [1e-4, 1e-2]}` or `{linear: [0, 0.5]}`."""

    def __post_init__(self) -> None:
        if not self.space:
            raise ValueError("space: name at least one key")
        for key, choices in self.space.items():
            if choices == ():
                raise ValueError(f"space: {key} has no values; list them")
        owner = {"trials": "random", "factor": "hyperband"}
        for name, strategy in owner.items():
            if getattr(self, name) is not None and self.strategy != strategy:
                raise ValueError(f"{name} belongs to the strategy {strategy}")


def tried(choices: Choices) -> tuple[Any, ...]:
    """Return the values of a list, or the ends of a range."""
    return choices.ends if isinstance(choices, Between) else choices
