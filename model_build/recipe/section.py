"""The base class of a recipe's sections, and the types of their values."""

from typing import Annotated

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(ge=0, le=1)]
Fraction = Annotated[float, Meta(gt=0, lt=1)]
Positive = Annotated[float, Meta(gt=0)]
Weight = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]
Range = tuple[float, float]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of the recipe. Raises ValueError if a range does not run from low to high."""

    def __post_init__(self) -> None:
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            if field.type == Range and value[0] > value[1]:
                raise ValueError(f"{field.name}: {value[0]} to {value[1]} runs backwards")
