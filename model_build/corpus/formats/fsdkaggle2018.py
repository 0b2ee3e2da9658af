"""FSDKaggle2018: sounds of 41 classes, as Kaggle has them and as they are downloaded.

Fonseca et al., "General-purpose tagging of Freesound audio with AudioSet labels" (2018).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.errors import InputError
from model_build.corpus.formats.file_index import FileIndex
from model_build.corpus.formats.label_rows import LabelRow, examples_of
from model_build.corpus.formats.labelled import Labelled
from model_build.corpus.formats.table_file import read_table

_META = "FSDKaggle2018.meta"
_UNUSED = "Ignored"


class _Part(NamedTuple):
    table: str
    folder: str


_TRAIN = (
    _Part("train.csv", "audio_train"),
    _Part("train_post_competition.csv", "audio_train"),
    _Part(f"{_META}/train_post_competition.csv", "FSDKaggle2018.audio_train"),
)
_TEST = (
    _Part("test_post_competition.csv", "audio_test"),
    _Part(f"{_META}/test_post_competition_scoring_clips.csv", "FSDKaggle2018.audio_test"),
)
_COLUMNS = ("fname", "label")


def read_fsdkaggle2018(folder: Path, *, verified_only: bool = False) -> Labelled:
    """Read the training clips, and the test clips if they are there.

    `verified_only` uses only training clips whose label was verified by hand. Test clips whose
    label is `None`, or whose use is `Ignored`, are left out. Raises InputError if there is no
    table of training clips.
    """
    train = next((part for part in _TRAIN if (folder / part.table).is_file()), None)
    if train is None:
        tables = ", ".join(part.table for part in _TRAIN)
        raise InputError(f"{folder}: none of {tables} is there; correct the path")
    found = _read(folder, train, verified_only=verified_only)
    test = next((part for part in _TEST if (folder / part.table).is_file()), None)
    if test is not None:
        tested = _read(folder, test, verified_only=False)
        found.examples.extend(msgspec.structs.replace(one, side="test") for one in tested.examples)
        found.left.extend(tested.left)
    return found


def _read(folder: Path, part: _Part, *, verified_only: bool) -> Labelled:
    columns = [*_COLUMNS, "manually_verified"] if verified_only else _COLUMNS
    rows = read_table(folder / part.table, columns)

    def label_rows() -> Iterator[LabelRow]:
        for row in rows:
            is_used = not verified_only or row["manually_verified"].strip() == "1"
            yield LabelRow(
                row["fname"],
                (row["label"].strip(),) if row["label"].strip() else (),
                is_ignored=not is_used or row.get("usage") == _UNUSED,
            )

    return examples_of(label_rows(), FileIndex(folder / part.folder), ignored=("None",))
