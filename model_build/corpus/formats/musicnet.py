"""MusicNet: recordings of chamber music with a list of their notes.

Thickstun, Harchaoui and Kakade, "Learning Features of Music from Scratch" (2017).
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Literal, NamedTuple

import soundfile

from daemon.errors import InputError
from model_build.corpus.formats.file_index import sounds_below
from model_build.corpus.formats.labelled import Example, Labelled, Left, joined
from model_build.corpus.formats.table_file import read_table

_COLUMNS = ("start_time", "end_time", "instrument")
_LABELS_HZ = 44_100
"""The notes' times count samples at this rate, whatever the rate of the sound."""
_SHORTEST_SECONDS = 0.1
"""A class sounds in a segment if its notes last at least this long there."""


class _Note(NamedTuple):
    start_seconds: float
    end_seconds: float
    label: str


def read_musicnet(folder: Path, segment_seconds: float) -> Labelled:
    """Read the recordings in segments, each labelled with the classes that sound in it.

    musicnet_classes.csv maps the instruments, MIDI programs counted from 1, to classes. The group
    is the recording. The rest after the last whole segment is left out. Raises InputError if there
    is no `train_data`, or if a note is invalid.
    """
    if not (folder / "train_data").is_dir():
        raise InputError(f"{folder}: there is no train_data; correct the path")
    return joined(
        _recording(file, folder, segment_seconds, side)
        for side in ("train", "test")
        if (folder / f"{side}_data").is_dir()
        for file in sounds_below(folder / f"{side}_data")
    )


def instrument_classes() -> dict[int, str]:
    """Return the class of each instrument: a MIDI program, counted from 1."""
    table = resources.files(__package__) / "musicnet_classes.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return {int(row["instrument"]): row["class"] for row in rows}


def _recording(
    file: Path, folder: Path, segment_seconds: float, side: Literal["train", "test"]
) -> Labelled:
    name = file.relative_to(folder).as_posix()
    labels = folder / f"{side}_labels" / f"{file.stem}.csv"
    if not labels.is_file():
        return Labelled([], [Left(name, "without a class")])
    try:
        duration_seconds = soundfile.info(file).duration
    except soundfile.LibsndfileError as error:
        return Labelled([], [Left(name, "broken", str(error))])
    notes = list(_notes(labels))
    count = max(1, int(duration_seconds / segment_seconds))
    starts = [n * segment_seconds for n in range(count)]
    examples = [
        Example(
            name=name,
            file=str(file),
            labels=_sounding(notes, start, start + segment_seconds),
            side=side,
            group=file.stem,
            start_seconds=start,
            seconds=segment_seconds,
        )
        for start in starts
    ]
    return Labelled(examples, [])


def _sounding(notes: Iterable[_Note], start: float, end: float) -> tuple[str, ...]:
    """Return the classes whose notes last long enough between two times, in seconds."""
    seconds: dict[str, float] = defaultdict(float)
    for note in notes:
        overlap = min(note.end_seconds, end) - max(note.start_seconds, start)
        if overlap > 0:
            seconds[note.label] += overlap
    return tuple(sorted(one for one, total in seconds.items() if total >= _SHORTEST_SECONDS))


def _notes(path: Path) -> Iterator[_Note]:
    """Yield the notes of the instruments that have a class."""
    classes = instrument_classes()
    for number, row in enumerate(read_table(path, _COLUMNS), 2):
        try:
            start, end, instrument = (int(row[column]) for column in _COLUMNS)
        except ValueError:
            raise InputError(
                f"{path}, row {number}: {', '.join(_COLUMNS)} must be whole numbers"
            ) from None
        if instrument in classes:
            yield _Note(start / _LABELS_HZ, end / _LABELS_HZ, classes[instrument])
