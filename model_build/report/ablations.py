"""The experiments that led to a model, read from a file that is maintained by hand."""

import msgspec


class Ablation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run that was tried."""

    name: str
    """Name of the run."""
    change: str
    """The difference from the run before."""
    held: dict[str, float] = {}
    """Its figures on the held-out part of the training clips, by name."""
    note: str = ""
    """The conclusion."""


class Ablations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `ablations.yaml`."""

    rows: tuple[Ablation, ...] = ()
    """The runs, in the order of the table."""
