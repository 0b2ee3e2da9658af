"""OpenMIC-2018: excerpts of music that were asked about some of twenty instruments.

Humphrey et al., "OpenMIC-2018: an open dataset for multiple instrument recognition" (2018).
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec

from daemon.errors import InputError
from model_build.corpus.formats.file_index import FileIndex
from model_build.corpus.formats.label_rows import LabelRow, examples_of
from model_build.corpus.formats.labelled import Labelled
from model_build.corpus.formats.table_file import read_table

_TABLE = "openmic-2018-aggregated-labels.csv"
_TEST = "partitions/split01_test.csv"
_COLUMNS = ("sample_key", "instrument", "relevance")
_PRESENT = 0.5
"""The relevance from which an instrument counts as present, as in the paper."""


def read_openmic(folder: Path) -> Labelled:
    """Read the excerpts; instruments that nobody was asked about are unknown.

    The group is the track. Excerpts of the published test partition are the test side. Raises
    InputError if a file is missing, or a relevance is not a number.
    """
    classes = _classes(folder / "class-map.json")
    answers: dict[str, dict[str, float]] = defaultdict(dict)
    for row in read_table(folder / _TABLE, _COLUMNS):
        answers[row["sample_key"]][row["instrument"]] = _relevance(folder / _TABLE, row)

    def label_rows() -> Iterator[LabelRow]:
        for key, answer in answers.items():
            present = tuple(name for name, relevance in answer.items() if relevance >= _PRESENT)
            unknown = tuple(name for name in classes if name not in answer)
            yield LabelRow(key, present, unknown, group=key.partition("_")[0])

    found = examples_of(label_rows(), FileIndex(folder / "audio"), several=True)
    tests = _keys(folder / _TEST)
    sided = [
        msgspec.structs.replace(one, side="test" if one.name in tests else "train")
        for one in found.examples
    ]
    return found._replace(examples=sided)


def _relevance(table: Path, row: dict[str, str]) -> float:
    try:
        return float(row["relevance"])
    except ValueError:
        raise InputError(
            f"{table}: relevance {row['relevance']!r} of {row['sample_key']} is not a number; "
            "download the table again"
        ) from None


def _classes(path: Path) -> list[str]:
    try:
        return sorted(msgspec.json.decode(path.read_bytes(), type=dict[str, int]))
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path}: {error}; download it again") from None


def _keys(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    return set(path.read_text(encoding="utf-8").split())
