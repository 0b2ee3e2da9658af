"""Read a table of text from CSV, TSV or Parquet, in the encodings that programs write."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from daemon.errors import InputError

Row = dict[str, str]

_DELIMITERS = ",;\t|"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Excel's line that names the delimiter, and empty lines.
_BEFORE_HEADER = re.compile(r"\A(?:\s*\n)?(?:sep=.\r?\n)?(?:\s*\n)?", re.IGNORECASE)
_PARQUET = {".parquet", ".pq"}
_PARQUET_REMEDY = "install the extra `lab`: script/setup build lab"


def read_table(path: Path, columns: Collection[str]) -> list[Row]:
    """Return the rows of a table as text; an empty cell is an empty text.

    The delimiter of a CSV file is the one with which the header has all `columns`. Columns without
    a name are called `Unnamed: 0` and so on by their place. Raises InputError if the file cannot be
    read or lacks a column.
    """
    rows, found = _parquet(path) if path.suffix.lower() in _PARQUET else _csv(path, columns)
    for column in columns:
        if found.count(column) > 1:
            raise InputError(f"{path}: it has several columns {column!r}; rename all but one")
    missing = [column for column in columns if column not in found]
    if missing:
        raise InputError(
            f"{path}: it has no column {', '.join(missing)}; its columns are {', '.join(found)}"
        )
    return rows


def _csv(path: Path, columns: Collection[str]) -> tuple[list[Row], list[str]]:
    text = _BEFORE_HEADER.sub("", _text(path))
    if not text.strip():
        raise InputError(f"{path}: the table is empty; export it again")
    delimiter = max(_DELIMITERS, key=lambda one: _fit(_header(text, one), columns))
    header, *lines = _parsed(path, text, delimiter)
    header = _names(header)
    rows = [
        dict(zip(header, (*line, *[""] * len(header)), strict=False))
        for line in lines
        if any(cell.strip() for cell in line)
    ]
    return rows, header


def _header(text: str, delimiter: str) -> list[str]:
    try:
        return _names(next(_reader(text, delimiter)))
    except csv.Error:
        return []


def _parsed(path: Path, text: str, delimiter: str) -> list[list[str]]:
    lines = _reader(text, delimiter)
    rows: list[list[str]] = []
    begun = 1
    try:
        for row in lines:
            rows.append(row)
            begun = lines.line_num + 1
    except csv.Error:
        # Without `strict`, all rows to the next quote would silently become one cell.
        raise InputError(
            f"{path}, row {len(rows) + 1}, line {begun}: a quote is not closed, or text follows "
            'it; write "" for a quote inside a cell, and quotes around the cell'
        ) from None
    return rows


def _reader(text: str, delimiter: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _names(header: Sequence[str]) -> list[str]:
    """Return the names of the columns; one without a name gets the name that pandas gives it."""
    return [_column(name) or f"Unnamed: {number}" for number, name in enumerate(header)]


def _column(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())


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
    if b"\0" in data[:2]:  # UTF-16 without a byte order mark
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
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
    rows = [{_column(name): _cell(v) for name, v in row.items()} for row in table.to_pylist()]
    return rows, list(map(_column, table.column_names))


def _cell(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 (NaN, which is an empty cell)
        return ""
    if isinstance(value, bytes):  # text of a program that does not mark it as such
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return ";".join(map(_cell, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
