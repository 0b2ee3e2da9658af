"""The contract in the file of a genre model: its input, and the meaning of its outputs."""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from daemon.hearing.contract.labels import FamilyName
from daemon.hearing.contract.reading import (
    CONTRACT_VERSION,
    ContractHead,
    read_contract_as,
    unread_version,
)
from daemon.hearing.log_mel import FrontEnd
from daemon.hearing.model_file import GENRE, Provenance, UnitInterval
from daemon.sound.window import SAMPLE_RATE_HZ

TASK: Final = "genre"
"""The task of a genre model."""
MUSIC = "music"
"""The class that tells music from other sound."""

_MOST_PATCH_FRAMES = 1_000
_MOST_CLASSES = 1_000


class GenreContract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that the daemon needs for running a genre model."""

    tflite_sha256: str
    """Hash of the network's bytes."""
    name: str
    """Name of the model."""
    version: str
    """Version of the model."""
    front_end: FrontEnd
    """How log-mel frames are computed."""
    patch_frames: Annotated[int, Meta(ge=1, le=_MOST_PATCH_FRAMES)]
    """Frames in a patch, the input of the network."""
    patch_hop_frames: Annotated[int, Meta(ge=1, le=_MOST_PATCH_FRAMES)]
    """Frames from the start of a patch to the start of the next."""
    classes: Annotated[tuple[FamilyName, ...], Meta(min_length=2, max_length=_MOST_CLASSES)]
    """The genre of each logit, in order, or `music`. Scores of classes of one genre add up."""
    least_music: UnitInterval
    """Mean score of `music` below which the genre is unknown."""
    outputs: dict[str, str]
    """The name of the output `genre` in the network's signature."""
    provenance: Provenance
    """The origin of the model, and its figures."""
    contract_version: Literal[2] = 2
    """Version of this format."""
    task: Literal["genre"] = TASK
    """What the network recognizes."""

    def __post_init__(self) -> None:
        if self.patch_hop_frames > self.patch_frames:
            raise ValueError("patch_hop_frames must be at most patch_frames")
        if set(self.outputs) != {GENRE}:
            raise ValueError(f"outputs must be {GENRE}")
        if self.classes.count(MUSIC) != 1:
            raise ValueError(f"classes must contain {MUSIC} once")
        if self.front_end.sample_rate_hz != SAMPLE_RATE_HZ:
            raise ValueError(f"front_end.sample_rate_hz must be {SAMPLE_RATE_HZ}")

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres that the model can name, in the order of their first class."""
        return tuple(dict.fromkeys(name for name in self.classes if name != MUSIC))


def read_genre_contract(path: Path) -> GenreContract:
    """Read and validate the contract of a genre model, and verify the network's checksum.

    Raises InputError if the file cannot be read or is damaged, or if it is no genre model.
    """
    return read_contract_as(path, GenreContract, _unsupported)


def _unsupported(head: ContractHead) -> str:
    """Return why a contract is not that of a genre model; an empty string if it is."""
    if head.task != TASK:
        return f"its task is {head.task or 'families'!r}, but a genre model has the task {TASK!r}"
    return unread_version(head.contract_version, (CONTRACT_VERSION,))
