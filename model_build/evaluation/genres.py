"""How often the genre of labelled recordings is named right, beside YAMNet's own classes."""

import csv
from pathlib import Path

import numpy as np

from daemon.errors import InputError
from daemon.practice.genre.genre_network import GenreNetwork
from daemon.practice.genre.genre_trace import GenreTrace
from daemon.sound.sound_file import read_sound
from model_build.networks.genres import CLASSES_OF_GENRE, GENRES
from model_build.networks.peer import peer_classes
from model_build.practice.row import Row, Sheet

FOLDER = "genre"
"""The folder of labelled recordings in that of the practice recordings."""
RIGHT, UNKNOWN = "genre: right of ten", "genre: unknown"
"""The figures; an unknown genre counts as wrong."""


def genre_rows(practice: Path, network: GenreNetwork, peer: Path | None) -> list[Row]:
    """Return the figures of whole recordings; none if the folder has no recordings with a genre.

    `peer` is YAMNet's `.tflite`: the genre with the highest sum of its classes' mean scores. Other
    genres than `GENRES` are left out. Raises InputError if a recording cannot be read.
    """
    folder = practice / FOLDER
    sheet = Sheet()
    by_frame = peer_classes(peer) if peer else None
    for path, genre in _labelled(folder):
        samples = read_sound(str(path))
        trace = GenreTrace(network)
        trace.push(samples)
        shares = trace.shares()
        sheet.put(RIGHT, float(bool(shares) and next(iter(shares or ())) == genre), path.name)
        sheet.put(UNKNOWN, float(shares is None), path.name)
        if by_frame:
            means = by_frame(samples).mean(axis=0)
            sums = [means[classes].sum() for classes in CLASSES_OF_GENRE.values()]
            named = GENRES[int(np.argmax(sums))]
            sheet.put(RIGHT, float(named == genre), path.name, "YAMNet")
    return sheet.rows()


def _labelled(folder: Path) -> list[tuple[Path, str]]:
    """Return the recordings of the manifest with their genres."""
    manifest = folder / "manifest.csv"
    if not manifest.exists():
        return []
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if rows and not {"path", "genre"} <= set(rows[0]):
        raise InputError(f"{manifest}: lacks the columns path, genre; add them to the manifest")
    return [(folder / row["path"], row["genre"]) for row in rows if row["genre"] in GENRES]
