"""The contract in the file of a note model: its inputs, and the meaning of its outputs."""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from daemon.hearing.contract.reading import (
    CONTRACT_VERSION,
    ContractHead,
    read_contract_as,
    unread_version,
)
from daemon.hearing.model_file import Provenance
from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.note_creation import KEYS, NoteRules
from daemon.practice.notes.stacking import STACKED_BINS
from daemon.sound.window import SAMPLE_RATE_HZ

TASK: Final = "notes"
"""The task of a note model."""
ACTIVATION, ONSET, PITCH = "activation", "onset", "pitch"
"""The outputs of a note model."""
OUTPUT_VALUES = {ACTIVATION: KEYS, ONSET: KEYS, PITCH: STACKED_BINS}
"""Values of each output for a frame."""

_MOST_BLOCK_FRAMES = 500
_MOST_DELAY_FRAMES = 50
_MOST_STATES = 64


class NoteContract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that the daemon needs for running a note model.

    The network reads blocks of successive frames. What its convolutions must remember of earlier
    blocks comes out as states, which go in again with the next block; before the first block they
    are 0.
    """

    tflite_sha256: str
    """Hash of the network's bytes."""
    name: str
    """Name of the model."""
    version: str
    """Version of the model."""
    front_end: NoteFrontEnd
    """How frames are computed."""
    block_frames: Annotated[int, Meta(ge=1, le=_MOST_BLOCK_FRAMES)]
    """Frames in a block."""
    delay_frames: Annotated[int, Meta(ge=0, le=_MOST_DELAY_FRAMES)]
    """The outputs of a frame come out with the frame this much later."""
    frames_input: str
    """The name of the input of stacked frames, (1, block_frames, 264, 11)."""
    states: Annotated[dict[str, str], Meta(max_length=_MOST_STATES)]
    """The name of the output that holds a state's next value, by the name of its input."""
    outputs: dict[str, str]
    """The name of each output in the network's signature, by its name here."""
    rules: NoteRules
    """How activations become notes."""
    provenance: Provenance
    """The origin of the model, and its figures."""
    contract_version: Literal[2] = 2
    """Version of this format."""
    task: Literal["notes"] = TASK
    """What the network recognizes."""

    def __post_init__(self) -> None:
        if set(self.outputs) != set(OUTPUT_VALUES):
            raise ValueError(f"outputs must be {', '.join(OUTPUT_VALUES)}")
        produced = [*self.outputs.values(), *self.states.values()]
        if len(set(produced)) != len(produced):
            raise ValueError("an output of the network is named twice")
        if self.frames_input in self.states:
            raise ValueError("frames_input is also a state")
        if self.front_end.sample_rate_hz != SAMPLE_RATE_HZ:
            raise ValueError(f"front_end.sample_rate_hz must be {SAMPLE_RATE_HZ}")

    @property
    def title(self) -> str:
        """Name and version, as shown in diagnostics."""
        return f"{self.name} {self.version}"

    @property
    def frame_seconds(self) -> float:
        """From a frame to the next."""
        return self.front_end.hop_samples / self.front_end.sample_rate_hz


def read_note_contract(path: Path) -> NoteContract:
    """Read and validate the contract of a note model, and verify the network's checksum.

    Raises InputError if the file cannot be read or is damaged, or if it is no note model.
    """
    return read_contract_as(path, NoteContract, _unsupported)


def _unsupported(head: ContractHead) -> str:
    """Return why a contract is not that of a note model; an empty string if it is."""
    if head.task != TASK:
        return f"its task is {head.task or 'families'!r}, but a note model has the task {TASK!r}"
    return unread_version(head.contract_version, (CONTRACT_VERSION,))
