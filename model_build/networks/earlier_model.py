"""The weights of an earlier model, from which a training can continue."""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network
from model_build.networks.yamnet import STRIDES, Layer, dequantized, scales_of

if TYPE_CHECKING:
    import keras

FOLDER = Path(__file__).parent.parent / "models"
_HEAD = ("/hidden", "/family_logits")
"""Parts of the names of the layers of the head, as in `student.py`."""
MATRIX = 2
"""Axes of the kernel of a layer that is no convolution."""


def earlier_model(name: str) -> Path:
    """Return the file of an earlier model. Raises InputError naming the ones that there are."""
    path = FOLDER / f"{name}.tflite"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.tflite")))
        raise InputError(f"recipe: teaching.start: there is no model {name!r}, only {known}")
    return path


def load_weights(student: "keras.Model", path: Path) -> None:
    """Give the trunk and the head of a student the weights of a model file, dequantized.

    Raises InputError if that file has other layers.
    """
    own = [
        layer
        for layer in (*student.layers, *student.get_layer("head").layers)
        if layer.get_weights() and layer.name not in {"logits", "head"}
    ]
    read = _read_layers(path)
    kernels = [_keras_kernel(layer.kernel) for layer in read]
    if [kernel.shape for kernel in kernels] != [layer.get_weights()[0].shape for layer in own]:
        raise InputError(f"model {path}: its layers are not those of the recipe's network")
    for layer, kernel, (_, bias) in zip(own, kernels, read, strict=True):
        layer.set_weights([kernel, bias])


def read_trunk(path: Path) -> list[Layer]:
    """Return the convolutions of a model file that began as YAMNet, in the network's order.

    Raises InputError if it has others.
    """
    layers = [layer for layer in _read_layers(path) if layer.kernel.ndim != MATRIX]
    if len(layers) != 2 * len(STRIDES) + 1:
        raise InputError(f"model {path}: its layers are not those of YAMNet")
    return layers


def _read_layers(path: Path) -> list[Layer]:
    """Return the convolutions and the layers of the head, in the network's order."""
    network = load_network(path)
    return [
        Layer(dequantized(network, kernel), dequantized(network, bias))
        for kernel, bias in pairwise(reversed(network.get_tensor_details()))
        if kernel["dtype"] is np.int8 and bias["dtype"] is np.int32 and len(scales_of(bias))
        if len(kernel["shape"]) != MATRIX or any(part in kernel["name"] for part in _HEAD)
    ]


def _keras_kernel(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a kernel of TFLite in the layout of Keras: outputs last."""
    return kernel.T if kernel.ndim == MATRIX else kernel.transpose(1, 2, 3, 0)
