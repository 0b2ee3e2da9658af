"""The list of a fold's pictures, which can be read without TensorFlow."""

from pathlib import Path
from typing import Literal

import msgspec

from daemon.system.files.whole_file import whole_file

LIST = "cams.json"
"""In the folder of a fold, the list of its pictures."""


class Cam(msgspec.Struct, frozen=True):
    """A picture of what speaks for a class in a recording."""

    name: str
    """Name of the recording."""
    start_seconds: float
    """Start of the recording in its file."""
    kind: Literal["right", "mistake"]
    """Whether the model was right."""
    label: str
    """The class that is shown."""
    score: float
    """Score of that class."""
    picture: str
    """Name of the PNG file in the folder of pictures."""


def read_cams(folder: Path) -> list[Cam]:
    """Return the list of a fold's pictures; empty if there are none."""
    file = folder / LIST
    return msgspec.json.decode(file.read_bytes(), type=list[Cam]) if file.is_file() else []


def save_list(folder: Path, cams: list[Cam]) -> None:
    """Write the list of a fold's pictures."""
    with whole_file(folder / LIST) as fresh:
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(cams), indent=1))
