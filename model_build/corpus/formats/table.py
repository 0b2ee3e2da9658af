"""A table with one row per recording."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from daemon.errors import InputError
from model_build.corpus.formats.file_index import FileIndex
from model_build.corpus.formats.label_rows import LabelRow, examples_of
from model_build.corpus.formats.labelled import Labelled
from model_build.corpus.formats.table_file import Row, read_table

_YES, _NO = {"1", "1.0", "true"}, {"0", "0.0", "false"}


def read_label_table(
    path: Path,
    folder: Path | None,
    *,
    file_column: str,
    label_columns: Sequence[str],
    separator: str = "",
    fold_column: str = "",
    group_column: str = "",
    ignored: Collection[str] = (),
    several: bool = False,
) -> Labelled:
    """Read a table of recordings in `folder`, by default the table's folder.

    With one label column, its text is the label, or several labels between `separator` if
    `several` is true. With more, each column is a class and contains 0, 1, or nothing where it is
    unknown. Raises InputError if the table cannot be read, lacks a column, or has another value in
    such a column.
    """
    columns = [file_column, *label_columns, *filter(None, (fold_column, group_column))]
    rows = read_table(path, columns)
    index = FileIndex(folder or path.parent)

    def label_rows() -> Iterator[LabelRow]:
        for number, row in enumerate(rows, 2):
            labels, unknown = _labels(f"{path}, row {number}", row, label_columns, separator)
            yield LabelRow(
                name=row[file_column].strip(),
                labels=labels,
                unknown=unknown,
                fold=row[fold_column].strip() if fold_column else "",
                group=row[group_column].strip() if group_column else "",
            )

    return examples_of(label_rows(), index, ignored=ignored, several=several)


def _labels(
    place: str, row: Row, columns: Sequence[str], separator: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels of a row, and the classes of which it says nothing."""
    if len(columns) == 1:
        text = row[columns[0]]
        parts = text.split(separator) if separator else [text]
        return tuple(sorted({part.strip() for part in parts} - {""})), ()
    truths = {column: _truth(place, column, row[column]) for column in columns}
    return (
        tuple(sorted(column for column, truth in truths.items() if truth)),
        tuple(sorted(column for column, truth in truths.items() if truth is None)),
    )


def _truth(place: str, column: str, cell: str) -> bool | None:
    cell = cell.strip().lower()
    if not cell:
        return None
    if cell not in _YES | _NO:
        raise InputError(f"{place}: {column} is {cell!r}; write 0, 1 or nothing")
    return cell in _YES
