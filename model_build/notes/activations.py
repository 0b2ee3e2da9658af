"""The activations that a finished note model computes for whole clips."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.note_creation import (
    Ended,
    Note,
    NoteCreation,
    NoteFrame,
    NoteRules,
    Started,
)
from daemon.practice.notes.note_network import NoteNetwork
from daemon.practice.notes.stacking import key_levels_db, stacked


class Activations(NamedTuple):
    """The outputs for each frame of a clip."""

    activation: NDArray[np.float32]
    """(frames, 88)."""
    onset: NDArray[np.float32]
    """(frames, 88)."""
    pitch: NDArray[np.float32]
    """(frames, 264)."""
    level_db: NDArray[np.float32]
    """(frames, 88)."""


def activations_of(network: NoteNetwork, frames: NDArray[np.float32]) -> Activations:
    """Return the outputs for the front end's frames of a clip, (n, bins, 2)."""
    contract = network.contract
    block, delay = contract.block_frames, contract.delay_frames
    network.reset()
    blocks = -(-(len(frames) + delay) // block)
    padded = np.zeros((blocks * block, *frames.shape[1:]), np.float32)
    padded[: len(frames)] = frames
    made = [
        network.run(stacked(padded[first : first + block], contract.front_end))
        for first in range(0, len(padded), block)
    ]
    inside = slice(delay, delay + len(frames))
    activation, onset, pitch = (np.concatenate(parts)[inside] for parts in zip(*made, strict=True))
    return Activations(activation, onset, pitch, key_levels_db(frames, contract.front_end))


def notes_of_activations(
    activations: Activations, rules: NoteRules, frame_seconds: float
) -> list[Note]:
    """Return the notes that the rules make of a clip's activations, by their onset."""
    creation = NoteCreation(rules, frame_seconds)
    events = [event for row in _rows(activations) for event in creation.push(row)]
    events += creation.finish()
    return sorted(event.note for event in events if isinstance(event, Ended))


class ActivationSource:
    """The notes of a clip whose activations are known; `push` returns those of the whole clip."""

    def __init__(self, activations: Activations, rules: NoteRules, frame_seconds: float) -> None:
        self._activations = activations
        self._creation = NoteCreation(rules, frame_seconds)

    @property
    def decided_frames(self) -> int:
        """The number of frames in which it is decided which notes sound."""
        return self._creation.decided_frames

    def push(self, samples: NDArray[np.float32]) -> list[Started | Ended]:  # noqa: ARG002
        """Return what all frames of the clip decide; its samples (n,) are not needed."""
        return [event for row in _rows(self._activations) for event in self._creation.push(row)]

    def finish(self) -> list[Started | Ended]:
        """Return what is left at the end of the clip."""
        return self._creation.finish()


def _rows(activations: Activations) -> Iterator[NoteFrame]:
    for row in zip(*activations, strict=True):
        yield NoteFrame(*row)
