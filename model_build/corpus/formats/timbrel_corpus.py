"""A corpus of Timbrel: the clips of a manifest."""

from collections.abc import Collection
from pathlib import Path

from model_build.corpus.formats.labelled import Example, Labelled, Left
from model_build.corpus.manifest import Row, read_manifest, rows_of

_TRAIN = "train"


def read_timbrel_corpus(folder: Path, kinds: Collection[str]) -> Labelled:
    """Read the clips of the given kinds; those of another split than `train` are the test side.

    Raises InputError if the manifest is missing or lacks a column.
    """
    found = Labelled([], [])
    for row in rows_of(*read_manifest(folder)):
        if row["kind"] not in kinds:
            continue
        if not row["path"] or not (folder / row["path"]).is_file():
            found.left.append(Left(row["path"], "missing"))
        elif not row["label"]:
            found.left.append(Left(row["path"], "without a class"))
        else:
            found.examples.append(_example(folder, row))
    return found


def _example(folder: Path, row: Row) -> Example:
    return Example(
        name=row["path"],
        file=str(folder / row["path"]),
        labels=tuple(sorted(set(row["label"].split(";")))),
        accepted=tuple(sorted(filter(None, row["accepts"].split(";")))),
        side="train" if row["split"] == _TRAIN else "test",
        group=row["group"],
    )
