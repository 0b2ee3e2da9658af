"""YAMNet's `.tflite`: where it is, and the weights in it."""

from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network

PATCH_FRAMES = 96
BANDS = 64
EMBEDDING = 1024
CLASSES = 521
LICENCE = "Apache-2.0"

# Depthwise strides of MobileNet's thirteen separable blocks, Howard et al., "MobileNets" (2017).
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
_REMEDY = (
    "give YAMNet's .tflite with --base FILE or TIMBREL_YAMNET (docs/models.md says where it is)"
)


class Layer(NamedTuple):
    """One layer's weights as floats."""

    kernel: NDArray[np.float32]
    """In the layout of TFLite."""
    bias: NDArray[np.float32]
    """(outputs,)."""


def base_of(path: Path | None) -> Path:
    """Return the base network's file. Raises InputError if it is None or does not exist."""
    if path is None:
        raise InputError(f"no base network given; {_REMEDY}")
    if not path.is_file():
        raise InputError(f"base network {path}: no such file; {_REMEDY}")
    return path


def read_layers(path: Path) -> list[Layer]:
    """Return the weights of the 28 layers, in the network's order.

    Each channel is dequantized by its own scale. Raises InputError if the file is not YAMNet.
    """
    network = load_network(path)
    tensors = network.get_tensor_details()
    layers = [
        Layer(dequantized(network, kernel), dequantized(network, bias))
        for kernel, bias in pairwise(tensors)
        if kernel["dtype"] is np.int8 and bias["dtype"] is np.int32 and len(scales_of(bias))
    ]
    if len(layers) != 2 * len(STRIDES) + 2 or layers[-1].kernel.shape != (CLASSES, EMBEDDING):
        raise InputError(f"base network {path}: is not YAMNet; docs/models.md says where to get it")
    return layers


def scales_of(tensor: dict[str, Any]) -> NDArray[np.float32]:
    """Return the scales of a quantized tensor, one per channel; empty if it is not quantized."""
    scales: NDArray[np.float32] = tensor["quantization_parameters"]["scales"]
    return scales


def dequantized(network: Any, tensor: dict[str, Any]) -> NDArray[np.float32]:
    """Return a quantized constant as floats; it is symmetric, so its zero point is 0."""
    value = network.get_tensor(tensor["index"]).astype(np.float32)
    shape = [1] * value.ndim
    shape[tensor["quantization_parameters"]["quantized_dimension"]] = -1
    result: NDArray[np.float32] = value * scales_of(tensor).reshape(shape)
    return result
