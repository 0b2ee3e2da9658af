"""Run a note model block by block, carrying the state of its convolutions."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network
from daemon.hearing.network_tensors import Details, Tensor
from daemon.practice.notes.note_contract import (
    ACTIVATION,
    ONSET,
    OUTPUT_VALUES,
    PITCH,
    NoteContract,
    read_note_contract,
)
from daemon.practice.notes.stacking import STACKED_BINS, STACKED_CHANNELS

_REMEDY = "build the model again with timbrel-build"


class BlockOutputs(NamedTuple):
    """The network's outputs for one block, each between 0 and 1."""

    activation: NDArray[np.float32]
    """(block_frames, 88)."""
    onset: NDArray[np.float32]
    """(block_frames, 88)."""
    pitch: NDArray[np.float32]
    """(block_frames, 264)."""


class NoteNetwork:
    """A note model, run on one thread.

    `network` is an interpreter from `load_network`; `name` names it in error messages. Raises
    InputError if the network lacks an input or output of the contract, or has other shapes.
    """

    def __init__(self, network: Any, contract: NoteContract, *, name: str = "network") -> None:
        self.contract = contract
        """Front end, block, states and rules of the network."""
        self._network = network
        self._name = name
        inputs, outputs = _signature(network)
        block = contract.block_frames
        frames = (1, block, STACKED_BINS, STACKED_CHANNELS)
        self._frames = self._tensor(inputs, contract.frames_input, frames, "input")
        self._outputs = {
            output: self._tensor(outputs, own_name, (1, block, OUTPUT_VALUES[output]), "output")
            for output, own_name in contract.outputs.items()
        }
        self._states = []
        for entering, leaving in contract.states.items():
            before = self._tensor(inputs, entering, None, "input")
            after = self._tensor(outputs, leaving, before().shape, "output")
            self._states.append((before, after))
        unknown = sorted(set(inputs) - set(contract.states) - {contract.frames_input})
        if unknown:
            raise InputError(
                f"{name}: the network has the input {', '.join(map(repr, unknown))}, which its "
                f"contract does not name; {_REMEDY}"
            )
        self.reset()

    def reset(self) -> None:
        """Forget the blocks before, because the next one belongs to other sound."""
        for before, _ in self._states:
            before()[:] = 0.0

    def run(self, frames: NDArray[np.float32]) -> BlockOutputs:
        """Return the outputs for the next block of stacked frames, (block_frames, 264, 11).

        They belong to frames `delay_frames` earlier. Raises InputError if one is not a number.
        """
        self._frames()[0] = frames
        self._network.invoke()
        for before, after in self._states:
            before()[:] = after()
        made = {output: tensor()[0].copy() for output, tensor in self._outputs.items()}
        # The sum of squares is a number only if all values are.
        if not all(math.isfinite(np.vdot(values, values)) for values in made.values()):
            raise InputError(f"{self._name}: the network returns NaN or infinity; {_REMEDY}")
        return BlockOutputs(made[ACTIVATION], made[ONSET], made[PITCH])

    def _tensor(
        self,
        details: Mapping[str, Details],
        own_name: str,
        shape: tuple[int, ...] | None,
        role: str,
    ) -> Tensor:
        """Return a float32 tensor by its name in the signature; `shape` None accepts any."""
        promise = f"{self._name}: its contract promises the {role} {own_name!r}"
        if own_name not in details:
            names = ", ".join(map(repr, sorted(details))) or f"no named {role}s"
            raise InputError(f"{promise}, but the network has {names}; {_REMEDY}")
        found = tuple(int(n) for n in details[own_name]["shape"])
        kind = details[own_name]["dtype"]
        if (shape is not None and found != shape) or kind != np.float32:
            raise InputError(
                f"{promise} {shape or ''} float32, but the network has {found} {kind.__name__}; "
                f"{_REMEDY}"
            )
        tensor: Tensor = self._network.tensor(details[own_name]["index"])
        return tensor


def load_note_network(path: Path) -> NoteNetwork:
    """Load a note model.

    Raises InputError if its contract or checksum is wrong, or the network cannot be used with it.
    """
    contract = read_note_contract(path)
    return NoteNetwork(load_network(path), contract, name=f"model file {path}")


def _signature(network: Any) -> tuple[Mapping[str, Details], Mapping[str, Details]]:
    """Return the inputs and outputs by name; none if there is not exactly one signature."""
    signatures = list(network.get_signature_list())
    if len(signatures) != 1:
        return {}, {}
    runner = network.get_signature_runner(signatures[0])
    return runner.get_input_details(), runner.get_output_details()
