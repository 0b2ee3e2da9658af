"""Rows of a file and its labels become examples: repeated and contradicting rows are found."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from model_build.corpus.formats.file_index import AmbiguousNameError, FileIndex
from model_build.corpus.formats.labelled import Example, Labelled, Left


class LabelRow(NamedTuple):
    """What a data set says about a recording."""

    name: str
    """Its name."""
    labels: tuple[str, ...]
    """Its labels."""
    unknown: tuple[str, ...] = ()
    """Classes of which nothing is known."""
    group: str = ""
    """Its group."""
    fold: str = ""
    """Its fold."""
    is_ignored: bool = False
    """True if the data set says that the row is not used."""


def examples_of(
    rows: Iterable[LabelRow],
    index: FileIndex,
    *,
    ignored: Collection[str] = (),
    several: bool = False,
) -> Labelled:
    """Return the examples of the rows, with their files.

    Rows with a label of `ignored` are left out. `several` allows several labels or none: rows of
    the same file are then merged. Otherwise a file with different labels is a contradiction, which
    leaves out all of its rows.
    """
    left: list[Left] = []
    by_file: dict[Path, list[LabelRow]] = defaultdict(list)
    for row in rows:
        problem, file = _placed(row, index, ignored, several=several)
        if file:
            by_file[file].append(row)
        elif problem:
            left.append(problem)
    examples = []
    for file, same in by_file.items():
        different = list(dict.fromkeys(row._replace(name="") for row in same))
        left.extend(Left(row.name, "repeated") for row in same[len(different) :])
        if not several and len({row.labels for row in different}) > 1:
            said = " and ".join(sorted({";".join(row.labels) for row in different}))
            left.append(Left(same[0].name, "contradiction", said))
            continue
        examples.append(_example(file, same[0], different))
    return Labelled(examples, left)


def _placed(
    row: LabelRow, index: FileIndex, ignored: Collection[str], *, several: bool
) -> tuple[Left | None, Path | None]:
    """Return why a row is left out, or the row's file."""
    if row.is_ignored or set(row.labels) & set(ignored):
        return Left(row.name, "ignored"), None
    if not row.labels and not several:
        return Left(row.name, "without a class"), None
    if len(row.labels) > 1 and not several:
        return Left(row.name, "several classes", ";".join(row.labels)), None
    try:
        file = index.find(row.name)
    except AmbiguousNameError as error:
        return Left(row.name, "ambiguous name", str(error)), None
    return (None, file) if file else (Left(row.name, "missing"), None)


def _example(file: Path, row: LabelRow, same: list[LabelRow]) -> Example:
    labels = {label for one in same for label in one.labels}
    unknown = set.intersection(*(set(one.unknown) for one in same)) - labels
    return Example(
        name=row.name,
        file=str(file),
        labels=tuple(sorted(labels)),
        unknown=tuple(sorted(unknown)),
        group=row.group,
        fold=row.fold,
    )
