"""Find the input and the outputs of a network, and check their shapes against its contract."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.model_file import EMBEDDING, FAMILIES, GENRE, Contract

_REMEDY = "build the model again with timbrel-build"

Tensor: TypeAlias = Callable[[], NDArray[np.float32]]
"""Returns a view of a tensor's memory, which changes when the network runs again."""
Details: TypeAlias = Mapping[str, Any]
"""The runtime's description of a tensor."""


def input_tensor(network: Any, contract: Contract, name: str) -> Tensor:
    """Return the input of an interpreter, (1, patch_frames, bands).

    Raises InputError, which begins with `name`, if the network has another input.
    """
    shape = (1, contract.patch_frames, contract.front_end.bands)
    return tensor_of(network, network.get_input_details(), shape, f"{name}: its contract", "input")


def output_tensors(network: Any, contract: Contract, name: str) -> dict[str, Tensor]:
    """Return the outputs of an interpreter, (1, values) each, by their names in the contract.

    They are found by their names in the network's signature. In contract version 1, the only
    output is the families'. Raises InputError, which begins with `name`, if an output is missing
    or has another shape.
    """
    promise, families = f"{name}: its contract", len(contract.families)
    if contract.outputs is None:
        details = network.get_output_details()
        return {FAMILIES: tensor_of(network, details, (1, families), promise, "output")}
    values = {
        contract.scored: families,
        EMBEDDING: contract.embedding_values,
        GENRE: len(contract.genres or ()),
    }
    found = named_outputs(network)
    tensors = {}
    for output, own_name in contract.outputs.items():
        if own_name not in found:
            names = ", ".join(map(repr, sorted(found))) or "no named outputs"
            raise InputError(
                f"{promise} promises the output {own_name!r}, but the network has {names}; "
                f"{_REMEDY}"
            )
        shape, role = (1, values[output]), f"output {own_name!r}"
        tensors[output] = tensor_of(network, [found[own_name]], shape, promise, role)
    return tensors


def named_outputs(network: Any) -> dict[str, Details]:
    """Return the outputs by name; none if the network does not have exactly one signature."""
    signatures = list(network.get_signature_list())
    if len(signatures) != 1:
        return {}
    details: dict[str, Details] = network.get_signature_runner(signatures[0]).get_output_details()
    return details


def tensor_of(
    network: Any, details: Sequence[Details], shape: tuple[int | None, ...], promise: str, role: str
) -> Tensor:
    """Return the only tensor of `details`, if it is float32 and of this shape.

    Otherwise raises InputError, which begins with `promise`; `role` names the tensor.
    """
    found = [(tuple(int(n) for n in d["shape"]), d["dtype"]) for d in details]
    if found != [(shape, np.float32)]:
        raise InputError(
            f"{promise} promises the {role} {shape} float32, but "
            f"the network has {', '.join(f'{s} {t.__name__}' for s, t in found) or 'none'}; "
            f"{_REMEDY}"
        )
    tensor: Tensor = network.tensor(details[0]["index"])
    return tensor
