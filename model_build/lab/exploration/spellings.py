"""Class names that are probably misspelled."""

import difflib
from typing import NamedTuple

from model_build.corpus.formats.labelled import Labelled


class Spelling(NamedTuple):
    """A class name that needs a look."""

    name: str
    """The name."""
    where: str
    """`train` or `test` if only these recordings have it; `both` if it is like another name."""
    nearest: str
    """The name that it is probably meant to be; empty if none is like it."""


def odd_spellings(found: Labelled) -> list[Spelling]:
    """Return the classes that only one side has, and those that differ by case or signs alone.

    If there are no test recordings, only the latter.
    """
    train, test = ({c for e in found.examples if e.side == s for c in e.labels} for s in _SIDES)
    odd = []
    if test:
        odd += [Spelling(name, "test", _nearest(name, train)) for name in sorted(test - train)]
        odd += [Spelling(name, "train", _nearest(name, test)) for name in sorted(train - test)]
    return odd + _alike(sorted(train | test), {one.name for one in odd})


_SIDES = ("train", "test")


def _nearest(name: str, others: set[str]) -> str:
    return next(iter(difflib.get_close_matches(name, sorted(others), 1)), "")


def _alike(names: list[str], known: set[str]) -> list[Spelling]:
    first: dict[str, str] = {}
    alike = []
    for name in names:
        plain = "".join(filter(str.isalnum, name.casefold()))
        if first.setdefault(plain, name) != name and name not in known:
            alike.append(Spelling(name, "both", first[plain]))
    return alike
