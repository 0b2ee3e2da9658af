"""IRMAS: excerpts of music with their predominant instruments.

Bosch et al., "A comparison of sound segregation techniques for predominant instrument recognition
in musical audio signals" (2012).
"""

import re
from pathlib import Path

from daemon.errors import InputError
from model_build.corpus.formats.file_index import sounds_below
from model_build.corpus.formats.labelled import Example, Labelled, Left

_TRAINING = "IRMAS-TrainingData"
_TESTING = "IRMAS-TestingData-Part*"
# `[cla][cou_fol]0189__2.wav`: excerpt 2 of recording 189.
_RECORDING = re.compile(r"(\d+)__\d+$")


def read_irmas(folder: Path) -> Labelled:
    """Read the training excerpts, one label each, and the testing ones, each with a list of labels.

    The group is the recording that an excerpt comes from. Raises InputError if there is no
    IRMAS-TrainingData.
    """
    if not (folder / _TRAINING).is_dir():
        raise InputError(f"{folder}: there is no {_TRAINING}; name the folder above it")
    found = Labelled([], [])
    for file in sounds_below(folder / _TRAINING):
        match = _RECORDING.search(file.stem)
        found.examples.append(
            Example(
                name=file.relative_to(folder).as_posix(),
                file=str(file),
                labels=(file.parent.name,),
                group=match[1] if match else file.stem,
            )
        )
    for part in sorted(folder.glob(_TESTING)):
        for file in sounds_below(part):
            _add_test(found, folder, file)
    return found


def _add_test(found: Labelled, folder: Path, file: Path) -> None:
    name = file.relative_to(folder).as_posix()
    # Not `with_suffix`: the names of recordings contain dots.
    labels = file.parent / f"{file.stem}.txt"
    if not labels.is_file():
        found.left.append(Left(name, "without a class"))
        return
    words = labels.read_text(encoding="utf-8", errors="replace").split()
    found.examples.append(
        Example(
            name=name,
            file=str(file),
            labels=tuple(sorted(set(words))),
            side="test",
            group=file.stem.rpartition("-")[0] or file.stem,
        )
    )
