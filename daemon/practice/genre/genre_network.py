"""Run a genre model on patches of log-mel frames."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network
from daemon.hearing.logits import sigmoid
from daemon.hearing.model_file import GENRE
from daemon.hearing.network_tensors import named_outputs, tensor_of
from daemon.practice.genre.genre_contract import GenreContract, read_genre_contract

_STEPS = 256
"""Scores are multiples of 1/256, as in YAMNet's own file: the tiny scores of many classes are 0."""


class GenreNetwork:
    """A genre model, run on one thread.

    `network` is an interpreter from `load_network`; `name` names it in error messages. Raises
    InputError if the network lacks the output of the contract, or has other shapes.
    """

    def __init__(self, network: Any, contract: GenreContract, *, name: str = "network") -> None:
        self.contract = contract
        """Front end, patches and classes of the network."""
        self._network = network
        self._name = name
        promise = f"{name}: its contract"
        shape = (1, contract.patch_frames, contract.front_end.bands)
        self._input = tensor_of(network, network.get_input_details(), shape, promise, "input")
        own_name, outputs = contract.outputs[GENRE], named_outputs(network)
        details = [outputs[own_name]] if own_name in outputs else []
        role = f"output {own_name!r}"
        self._output = tensor_of(network, details, (1, len(contract.classes)), promise, role)

    def scores(self, patch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score (classes,) of each class, 0..1, for a patch (patch_frames, bands).

        Raises InputError if one is not a number.
        """
        self._input()[0] = patch
        self._network.invoke()
        scores = (np.round(_STEPS * sigmoid(self._output()[0])) / _STEPS).astype(np.float32)
        if not np.isfinite(scores).all() and np.isfinite(patch).all():
            raise InputError(
                f"{self._name}: the network returns NaN or infinity; "
                "build the model again with timbrel-build"
            )
        return scores


def load_genre_network(path: Path) -> GenreNetwork:
    """Load a genre model.

    Raises InputError if its contract or checksum is wrong, or the network cannot be used with it.
    """
    contract = read_genre_contract(path)
    return GenreNetwork(load_network(path), contract, name=f"model file {path}")
