"""The manifest of a corpus: a CSV file with one row per clip."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file

MANIFEST = "manifest.csv"
COLUMNS = (
    *("path", "kind", "split", "label", "accepts", "instrument", "source", "group", "origin"),
    *("pitch_midi", "seconds", "licence", "redistributable", "repository", "original", "doubt"),
)
"""The columns of a manifest that is written here."""
NEEDED_COLUMNS = {
    *("path", "kind", "split", "label", "accepts", "source", "group", "origin"),
    *("licence", "redistributable", "doubt"),
}
"""The columns without which a manifest is refused."""

_REMEDY = "set the corpus' folder with --corpus DIR or TIMBREL_CORPUS"

Row = dict[str, str]


def read_manifest(folder: Path | None) -> tuple[Path, bytes]:
    """Return the corpus' folder and its manifest. Raises InputError if either is missing."""
    if folder is None:
        raise InputError(f"no corpus given; {_REMEDY}")
    try:
        return folder, (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise InputError(f"corpus {folder / MANIFEST}: {error.strerror}; {_REMEDY}") from None


def rows_of(folder: Path, manifest: bytes) -> Iterator[Row]:
    """Yield the rows. Raises InputError if a needed column is missing."""
    reader = csv.DictReader(manifest.decode("utf-8", "replace").splitlines())
    missing = NEEDED_COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise InputError(
            f"corpus {folder / MANIFEST}: lacks the columns {', '.join(sorted(missing))}; "
            "add them to the manifest"
        )
    yield from reader


def write_manifest(folder: Path, rows: Iterable[Row]) -> None:
    """Write the manifest in one step, after all clips: a folder with a manifest is complete."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with whole_file(folder / MANIFEST) as fresh:
        fresh.write_text(text.getvalue(), encoding="utf-8")
