"""Medley-solos-DB: short solos of eight instruments.

Lostanlen and Cella, "Deep convolutional networks on the pitch spiral for musical instrument
recognition" (2016).
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from model_build.corpus.formats.file_index import FileIndex
from model_build.corpus.formats.label_rows import LabelRow, examples_of
from model_build.corpus.formats.labelled import Labelled
from model_build.corpus.formats.table_file import read_table

_TABLE = "annotation/Medley-solos-DB_metadata.csv"
_COLUMNS = ("subset", "instrument", "instrument_id", "song_id", "uuid4")


def read_medley_solos_db(folder: Path) -> Labelled:
    """Read the solos; the group is the song, and `training` and `validation` are folds.

    Raises InputError if the table is missing or lacks a column.
    """
    rows = read_table(folder / _TABLE, _COLUMNS)

    def label_rows() -> Iterator[LabelRow]:
        for row in rows:
            name = f"Medley-solos-DB_{row['subset']}-{row['instrument_id']}_{row['uuid4']}.wav"
            song = row["song_id"] or row["uuid4"]
            yield LabelRow(name, (row["instrument"],), group=song, fold=row["subset"])

    found = examples_of(label_rows(), FileIndex(folder / "audio"))
    sided = [
        msgspec.structs.replace(one, side="test", fold="") if one.fold == "test" else one
        for one in found.examples
    ]
    return found._replace(examples=sided)
