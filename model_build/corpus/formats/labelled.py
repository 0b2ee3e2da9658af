"""The result of every reader: labelled recordings, and the rows that were left out."""

import os
from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

Reason = Literal[
    "broken",
    "name not in UTF-8",
    "silent",
    "missing",
    "ambiguous name",
    "repeated",
    "contradiction",
    "without a class",
    "several classes",
    "ignored",
    "not used",
    "not drawn",
    "near-duplicate",
]


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """A recording, or a segment of one, with its labels."""

    name: str
    """Name as the data set writes it; unique together with `start_seconds`."""
    file: str
    """Path of the sound file."""
    labels: tuple[str, ...]
    """The classes that it has, sorted."""
    unknown: tuple[str, ...] = ()
    """Classes of which nobody knows whether it has them."""
    accepted: tuple[str, ...] = ()
    """Classes that count as right beside its labels, in `accepted_accuracy` only."""
    side: Literal["train", "test"] = "train"
    """`test` if the data set keeps it for the final figure."""
    group: str = ""
    """Examples of one group share a player, an instrument or a recording; empty if unknown."""
    fold: str = ""
    """The fold that the data set puts it in; empty if it states none."""
    start_seconds: float = 0.0
    """Start of the segment in the file."""
    seconds: float | None = None
    """Length of the segment; None for the whole file."""


class Left(NamedTuple):
    """A row or a file that is left out."""

    name: str
    """Its name as the data set writes it."""
    reason: Reason
    """Why it is left out."""
    detail: str = ""
    """More about it, such as the message of the decoder."""


class Labelled(NamedTuple):
    """What a data set consists of."""

    examples: list[Example]
    """The recordings that have a label."""
    left: list[Left]
    """The rows and files that were left out."""

    @property
    def classes(self) -> tuple[str, ...]:
        """All classes of the training side, sorted by code point."""
        known = [one for one in self.examples if one.side == "train"]
        return tuple(sorted({c for one in known for c in (*one.labels, *one.unknown)}))


def printable(name: str) -> str:
    r"""Return the name of a file as text; bytes that are not UTF-8 become escapes such as `\xe4`.

    Archives of other systems have such names, which no file of a run could contain.
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def joined(parts: Iterable[Labelled]) -> Labelled:
    """Return several parts as one."""
    whole = Labelled([], [])
    for part in parts:
        whole.examples.extend(part.examples)
        whole.left.extend(part.left)
    return whole
