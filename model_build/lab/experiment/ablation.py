"""The entries of `ablate`: what is removed or replaced in turn."""

import msgspec

from model_build.lab.experiment.search import Value
from model_build.recipe.section import Section


class Ablated(Section, frozen=True, kw_only=True, omit_defaults=True):
    """One part of an experiment that is removed or replaced. Raises ValueError if it is empty."""

    remove: tuple[str, ...] = ()
    """Keys or whole sections that get their defaults, such as `augmentation`."""
    replace: dict[str, Value] = msgspec.field(default_factory=dict)
    """Keys with other values, such as `front_end.kind: stft`."""

    def __post_init__(self) -> None:
        if not self.remove and not self.replace:
            raise ValueError("name keys to remove, or keys to replace")
