"""The annotated recordings that practice analysers are measured on, and never trained on."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError

_MANIFEST = "manifest.csv"
_COLUMNS = {"path", "split", "kind", "truth", "source"}
_SPLIT = "dev"


class Recording(NamedTuple):
    """A recording with one annotation file for each of its kinds."""

    number: int
    """Row of the manifest, from 0: decides the recording's room."""
    path: Path
    """The sound file."""
    source: str
    """The data set, player or instrument that it comes from."""
    truth: dict[str, Path]
    """The annotation file of each kind, such as `f0` or `tuning`."""


def read_practice(folder: Path | None) -> list[Recording]:
    """Return all recordings of the folder, in the order of its manifest.

    Raises InputError if the folder or its manifest is missing, or if the manifest lacks a column.
    """
    remedy = "set the folder of the practice recordings with TIMBREL_PRACTICE"
    if folder is None:
        raise InputError(f"no practice recordings given; {remedy}")
    try:
        with (folder / _MANIFEST).open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = _COLUMNS - set(reader.fieldnames or ())
            rows = list(reader)
    except OSError as error:
        raise InputError(f"{folder / _MANIFEST}: {error.strerror}; {remedy}") from None
    if missing:
        raise InputError(
            f"{folder / _MANIFEST}: lacks the columns {', '.join(sorted(missing))}; "
            "add them to the manifest"
        )
    return [
        Recording(number, folder / row["path"], row["source"], _truth(folder, row))
        for number, row in enumerate(rows)
        if row["split"] == _SPLIT
    ]


def read_pitch(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times (n,) in seconds and pitch (n,) in hertz of a truth `f0`; 0 is silence."""
    table = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    return table[:, 0], table[:, 1]


def read_a4_hz(path: Path) -> float:
    """Return the A4 in hertz of a truth `tuning`."""
    return float(path.read_text(encoding="utf-8").split()[1])


def _truth(folder: Path, row: dict[str, str]) -> dict[str, Path]:
    kinds, files = row["kind"].split(";"), row["truth"].split(";")
    return {kind: folder / file for kind, file in zip(kinds, files, strict=True)}
