"""Read a table of text from CSV, TSV or Parquet, in the encodings that programs write."""

import codecs
import csv
import io
from collections.abc import Collection, Sequence
from pathlib import Path

from daemon.errors import InputError

Row = dict[str, str]

_DELIMITERS = ",;\t|"
_END = "end"
"""A row behind the last one, which is read only if all quoted cells are closed."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PARQUET = {".parquet", ".pq"}
_PARQUET_REMEDY = "install the extra `lab`: script/setup build lab"


def read_table(path: Path, columns: Collection[str]) -> list[Row]:
    """Return the rows of a table as text; an empty cell is an empty text.

    The delimiter of a CSV file is the one with which the header has all `columns`. Columns without
    a name are called `Unnamed: 0` and so on by their place. Raises InputError if the file cannot be
    read or lacks a column.
    """
    rows, found = _parquet(path) if path.suffix.lower() in _PARQUET else _csv(path, columns)
    missing = [column for column in columns if column not in found]
    if missing:
        raise InputError(
            f"{path}: it has no column {', '.join(missing)}; its columns are {', '.join(found)}"
        )
    return rows


def _csv(path: Path, columns: Collection[str]) -> tuple[list[Row], list[str]]:
    text = _text(path)
    if not text.strip():
        raise InputError(f"{path}: the table is empty; export it again")
    headers = {delimiter: _header(text, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(headers, key=lambda one: _fit(headers[one], columns))
    header, lines = headers[delimiter], _lines(path, text, delimiter)[1:]
    rows = [
        dict(zip(header, (*line, *[""] * len(header)), strict=False))
        for line in lines
        if any(cell.strip() for cell in line)
    ]
    return rows, header


def _header(text: str, delimiter: str) -> list[str]:
    """Return the names of the columns; one without a name gets the name that pandas gives it."""
    try:
        first = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:  # a quotation mark is not closed
        return []
    return [name.strip() or f"Unnamed: {number}" for number, name in enumerate(first)]


def _lines(path: Path, text: str, delimiter: str) -> list[list[str]]:
    """Return all rows. Raises InputError if a quoted cell has no end: it would hide the rest."""
    lines: list[list[str]] = []
    try:
        for line in csv.reader(io.StringIO(f"{text}\n{_END}", newline=""), delimiter=delimiter):
            lines.append(line)  # noqa: PERF402 (the rows before an error are counted)
        is_whole, unclosed = lines[-1] == [_END], len(lines)
    except csv.Error:  # the cell is too long
        is_whole, unclosed = False, len(lines) + 1
    if not is_whole:
        raise InputError(f"{path}, row {unclosed}: a quotation mark is not closed; add the second")
    return lines[:-1]


def _fit(header: Sequence[str], columns: Collection[str]) -> tuple[int, int]:
    """Rate a delimiter: by the wanted columns that it gives, then by their number."""
    return sum(column in header for column in columns), len(set(header))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; correct the path") from None
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Programs on Windows write this code page if they write no Unicode.
        return data.decode("cp1252", "replace")


def _parquet(path: Path) -> tuple[list[Row], list[str]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise InputError(f"{path}: Parquet needs pyarrow; {_PARQUET_REMEDY}") from None
    try:
        table = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        line = str(error).splitlines()[0]
        raise InputError(f"{path}: {line}; export it again") from None
    rows = [{name: _cell(v) for name, v in row.items()} for row in table.to_pylist()]
    return rows, list(table.column_names)


def _cell(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 (NaN, which is an empty cell)
        return ""
    if isinstance(value, list):
        return ";".join(map(_cell, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
