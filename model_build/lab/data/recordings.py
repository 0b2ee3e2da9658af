"""Read the labelled recordings that an experiment names."""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from daemon.errors import InputError
from model_build.corpus.formats.folders import read_folders
from model_build.corpus.formats.fsdkaggle2018 import read_fsdkaggle2018
from model_build.corpus.formats.irmas import read_irmas
from model_build.corpus.formats.labelled import Example, Labelled, Left, joined, printable
from model_build.corpus.formats.medley_solos_db import read_medley_solos_db
from model_build.corpus.formats.musicnet import read_musicnet
from model_build.corpus.formats.nsynth import read_nsynth
from model_build.corpus.formats.openmic import read_openmic
from model_build.corpus.formats.table import read_label_table
from model_build.corpus.formats.timbrel_corpus import read_timbrel_corpus
from model_build.lab.data.limited import limited
from model_build.lab.experiment import Data
from model_build.lab.remote.fetched import fetched

_READERS: dict[str, Callable[[Data, Path], Labelled]] = {
    "folders": lambda _data, path: read_folders(path),
    "nsynth": lambda _data, path: read_nsynth(path),
    "musicnet": lambda data, path: read_musicnet(path, data.segment_seconds),
    "fsdkaggle2018": lambda data, path: read_fsdkaggle2018(path, verified_only=data.verified_only),
    "irmas": lambda _data, path: read_irmas(path),
    "medley-solos-db": lambda _data, path: read_medley_solos_db(path),
    "openmic": lambda _data, path: read_openmic(path),
    "corpus": lambda data, path: read_timbrel_corpus(path, data.kinds),
}


def read_recordings(data: Data) -> Labelled:
    """Return the recordings of a data section, with replaced labels and groups by pattern.

    Raises InputError if the data cannot be read, or if no class or only one is left in training.
    """
    data = fetched(data)
    found = _side(data, data.path, data.audio_folder)
    if data.test_path:
        tested = _side(data, data.test_path, data.test_audio_folder)
        moved = [msgspec.structs.replace(one, side="test") for one in tested.examples]
        found = joined([found, tested._replace(examples=moved)])
    if data.most_recordings:
        found = limited(found, data.most_recordings)
    check_classes(data, found)
    return found


def _side(data: Data, path: str, audio_folder: str) -> Labelled:
    place = Path(path).expanduser()
    if data.layout == "table":
        folder = Path(audio_folder).expanduser() if audio_folder else None
        found = _table(data, place, folder)
    else:
        found = _READERS[data.layout](data, place)
    kept = Labelled([], [left._replace(name=printable(left.name)) for left in found.left])
    for example in found.examples:
        changed = _changed(data, example)
        problem = _problem(data, changed)
        if problem:
            kept.left.append(problem)
        else:
            kept.examples.append(changed)
    return kept


def _table(data: Data, path: Path, folder: Path | None) -> Labelled:
    return read_label_table(
        path,
        folder,
        file_column=data.file_column,
        label_columns=data.label_columns,
        separator=data.label_separator if data.multi_label else "",
        fold_column=data.fold_column,
        group_column=data.group_column,
        ignored=data.ignored,
        several=data.multi_label,
    )


def _changed(data: Data, example: Example) -> Example:
    """Return an example with its labels replaced, and its group found by the pattern.

    Names that differ only by their Unicode normalisation are the same class or group: folders that
    were made on a Mac have another one than most tables.
    """

    def replaced(labels: tuple[str, ...]) -> tuple[str, ...]:
        composed = [unicodedata.normalize("NFC", label) for label in labels]
        new = {data.classes.get(label, label) for label in composed}
        return tuple(sorted(one for one in new if not data.only or one in data.only))

    group = example.group
    if data.group_pattern:
        group = _group(data.group_pattern, example.name)
    return msgspec.structs.replace(
        example,
        labels=replaced(example.labels),
        unknown=replaced(example.unknown),
        accepted=replaced(example.accepted),
        group=unicodedata.normalize("NFC", group),
    )


def _group(pattern: str, name: str) -> str:
    """Return what the pattern captures in the file name, or else in the path; empty if nothing.

    The file name comes first so that `^` is its start also where folders are named after classes.
    """
    path = name.replace("\\", "/")
    match = re.search(pattern, path.rpartition("/")[2]) or re.search(pattern, path)
    return (match and match[1]) or ""


def _problem(data: Data, example: Example) -> Left | None:
    if printable(example.file) != example.file:
        return Left(printable(example.name), "name not in UTF-8")
    if data.multi_label:
        return None
    if set(example.labels) & set(data.ignored):
        return Left(example.name, "ignored")
    if len(example.labels) > 1:
        return Left(example.name, "several classes", ";".join(example.labels))
    if not example.labels:
        return Left(example.name, "not used" if data.only else "without a class")
    return None


def check_classes(data: Data, found: Labelled) -> None:
    """Raise InputError if training recordings lack a class of `only`, or all have the same one."""
    counts = Counter(c for one in found.examples if one.side == "train" for c in one.labels)
    if data.multi_label:
        for name in filter(lambda name: ";" in name, found.classes):
            raise InputError(
                f"{data.path}: the class {name!r} contains ';', which separates classes in the "
                "tables of a run; rename it with data.classes"
            )
    for name in data.only:
        if name not in counts:
            raise InputError(
                f"{data.path}: no training recording has the class {name!r}; correct data.only"
            )
    if len(counts) < (1 if data.multi_label else 2):
        left = Counter(one.reason for one in found.left)
        why = ", ".join(f"{reason}: {count}" for reason, count in left.most_common())
        raise InputError(
            f"{data.path}: {_too_few(counts)}{f'; left out: {why}' if why else ''}; add recordings"
        )


def _too_few(counts: Counter[str]) -> str:
    if not counts:
        return "no training recording has a class"
    return f"all training recordings have the class {next(iter(counts))!r}; two classes are needed"


def why_no_test_figure(found: Labelled) -> str:
    """Return why the test recordings give no figure; an empty string if they do or there are none.

    They give none if they have a class that no training recording has, because it can never be
    right.
    """
    known = found.classes
    tested = {c for one in found.examples if one.side == "test" for c in one.labels}
    for name in sorted(tested - set(known)):
        close = difflib.get_close_matches(name, known, 1)
        remedy = f"is it {close[0]!r}? then add it" if close else "add it"
        return (
            f"no test figure: the test recordings have the class {name!r}, which no training "
            f"recording has; {remedy} to data.classes"
        )
    return ""
