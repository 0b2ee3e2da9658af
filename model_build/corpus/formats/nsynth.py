"""NSynth: notes with a JSON file of their properties.

Engel et al., "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders" (2017).
"""

from pathlib import Path

import msgspec

from daemon.errors import InputError
from model_build.corpus.formats.file_index import FileIndex
from model_build.corpus.formats.label_rows import LabelRow, examples_of
from model_build.corpus.formats.labelled import Labelled, joined

_FILE = "examples.json"
_PARTS = ("nsynth-train", "nsynth-valid", "nsynth-test")


class _Note(msgspec.Struct, frozen=True):
    instrument_family_str: str
    instrument_str: str


def read_nsynth(folder: Path) -> Labelled:
    """Read one part of NSynth, or the folder of `nsynth-train`, `nsynth-valid`, `nsynth-test`.

    The label is the family and the group the instrument. The parts `train` and `valid` are folds.
    Raises InputError if there is no examples.json, or if it is damaged.
    """
    if (folder / _FILE).is_file():
        return _part(folder, "")
    parts = [name for name in _PARTS if (folder / name / _FILE).is_file()]
    if not parts:
        raise InputError(f"{folder}: there is no {_FILE}; name the folder of one, or above one")
    return joined(_side(folder / name, name.removeprefix("nsynth-")) for name in parts)


def _side(folder: Path, fold: str) -> Labelled:
    part = _part(folder, fold)
    if fold != "test":
        return part
    moved = [msgspec.structs.replace(one, side="test", fold="") for one in part.examples]
    return part._replace(examples=moved)


def _part(folder: Path, fold: str) -> Labelled:
    try:
        notes = msgspec.json.decode((folder / _FILE).read_bytes(), type=dict[str, _Note])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{folder / _FILE}: {error}; download it again") from None
    rows = (
        LabelRow(name, (note.instrument_family_str,), group=note.instrument_str, fold=fold)
        for name, note in notes.items()
    )
    return examples_of(rows, FileIndex(folder / "audio"))
