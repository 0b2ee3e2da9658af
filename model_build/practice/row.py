"""The rows of a table of figures."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from model_build.practice.source_interval import Estimate, mean_over_sources

OURS = "timbrel"
"""The program whose figures are ours."""


class Row(NamedTuple):
    """One figure of one program."""

    figure: str
    """What is measured."""
    program: str
    """`timbrel` or the peer."""
    estimate: Estimate
    """Mean over recordings, with its interval over independent sources."""


class Sheet:
    """Collects values of figures, in the order in which the figures first come."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[tuple[float, str]]] = {}

    def put(self, figure: str, value: float, cluster: str, program: str = OURS) -> None:
        """Add the value of a recording; those of one cluster are not independent."""
        self._values.setdefault((figure, program), []).append((value, cluster))

    def rows(self) -> list[Row]:
        """Return a row for each figure and program that has a value."""
        return [
            Row(*name, mean_over_sources(*zip(*pairs, strict=True)))
            for name, pairs in self._values.items()
            if any(np.isfinite(value) for value, _ in pairs)
        ]


def table_text(rows: Iterable[Row]) -> str:
    """Return the rows as text, one a line: figure, program, mean, interval, recordings."""
    return "\n".join(
        f"{figure:44} {program:24} {value:7.3f}  {low:.3f} to {high:.3f}  n = {n}"
        for figure, program, (value, low, high, n) in rows
    )


def row_object(row: Row) -> dict[str, str | float]:
    """Return a row for JSON."""
    return {"figure": row.figure, "program": row.program, **row.estimate._asdict()}
