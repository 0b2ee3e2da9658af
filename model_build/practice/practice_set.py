"""The annotated recordings that practice analysers are measured on, and never trained on."""

import csv
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.sound_file import read_sound

_MANIFEST = "manifest.csv"
_COLUMNS = {"path", "split", "kind", "truth", "source", "polyphonic"}
_SPLIT = "dev"
# Collections whose recordings are by different players.
_COLLECTIONS = ("gtzan", "lmms-beats", "fazioli", "stanford-mir", "essentia-chords")
_REMEDY = "set the folder of the practice recordings with TIMBREL_PRACTICE"


class Recording(NamedTuple):
    """A recording with one annotation file for each of its kinds."""

    number: int
    """Row of the manifest, from 0: decides the recording's room."""
    path: Path
    """The sound file."""
    source: str
    """The data set, player or instrument that it comes from."""
    is_polyphonic: bool
    """True if several notes sound at once."""
    truth: dict[str, Path]
    """The annotation file of each kind, such as `f0` or `tuning`."""

    @property
    def cluster(self) -> str:
        """Recordings of one cluster are not independent: the same piece or player."""
        if self.source in _COLLECTIONS:
            return self.path.name
        piece = re.match(r"bach10-\d\d", self.path.name)
        return piece.group() if piece else self.source

    def samples(self) -> NDArray[np.float32]:
        """Return its samples (n,) at 16 kHz."""
        return read_sound(str(self.path))

    def annotation(self, kind: str) -> list[dict[str, str]]:
        """Return the rows of an annotation; raises InputError if its file cannot be read."""
        return _table(self.truth[kind])


def read_practice(folder: Path | None) -> list[Recording]:
    """Return all recordings of the folder, in the order of its manifest.

    Raises InputError if the folder or its manifest is missing, or if the manifest lacks a column.
    """
    if folder is None:
        raise InputError(f"no practice recordings given; {_REMEDY}")
    rows = _table(folder / _MANIFEST)
    missing = _COLUMNS - set(rows[0] if rows else ())
    if missing:
        raise InputError(
            f"{folder / _MANIFEST}: lacks the columns {', '.join(sorted(missing))}; "
            "add them to the manifest"
        )
    return [
        Recording(
            number,
            folder / row["path"],
            row["source"],
            row["polyphonic"] == "1",
            _truth(folder, row),
        )
        for number, row in enumerate(rows)
        if row["split"] == _SPLIT
    ]


def _table(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; {_REMEDY}") from None


def _truth(folder: Path, row: dict[str, str]) -> dict[str, Path]:
    kinds, files = row["kind"].split(";"), row["truth"].split(";")
    return {kind: folder / file for kind, file in zip(kinds, files, strict=True)}
