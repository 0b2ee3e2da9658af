"""Take the weights of a note model's file, so that its training can continue without its run.

The file has int8 weights and no batch norms, which are part of the weights. They are made anew from
the statistics of some clips, so that the network computes the same, apart from rounding.
"""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network
from daemon.practice.notes.note_contract import read_note_contract
from model_build.networks.yamnet import Layer, dequantized, scales_of

if TYPE_CHECKING:
    import keras


def is_model_file(path: Path) -> bool:
    """Return whether a file is a `.tflite`, by its name."""
    return path.suffix == ".tflite"


def take_model_weights(network: "keras.Model", path: Path, clips: NDArray[np.float32]) -> None:
    """Set the weights of a clip network to those of a note model's file.

    `clips` are stacked frames (clips, frames, 264, 11). Raises InputError if the file is no note
    model in int8, or one with other layers.
    """
    layers = _layers_of(path)
    convolutions = [layer for layer in network.layers if type(layer).__name__ == "Conv2D"]
    shapes = [tuple(layer.kernel.transpose(1, 2, 3, 0).shape) for layer in layers]
    if shapes != [tuple(layer.kernel.shape) for layer in convolutions]:
        raise InputError(
            f"{path}: is not a note network of these settings; name a model with the same "
            "channels, or leave out --weights"
        )
    for convolution, layer in zip(convolutions, layers, strict=True):
        kernel = layer.kernel.transpose(1, 2, 3, 0)
        convolution.set_weights([kernel, layer.bias] if convolution.use_bias else [kernel])
        if not convolution.use_bias:
            norm = network.get_layer(f"{convolution.name}_norm")
            norm.set_weights(_passing(layer.bias, norm.epsilon))
    _normalize(network, clips)


def _layers_of(path: Path) -> list[Layer]:
    """Return the convolutions' weights in the order of the network."""
    read_note_contract(path)
    network = load_network(path)
    # In the file, each kernel follows its bias, from the last layer to the first.
    found = [
        Layer(dequantized(network, kernel), dequantized(network, bias))
        for bias, kernel in pairwise(network.get_tensor_details())
        if kernel["dtype"] is np.int8 and bias["dtype"] is np.int32 and len(scales_of(bias))
    ]
    return found[::-1]


def _passing(bias: NDArray[np.float32], epsilon: float) -> list[NDArray[np.float32]]:
    """Return the weights of a batch norm that only adds the bias."""
    ones = np.ones_like(bias)
    return [ones * np.sqrt(1.0 + epsilon), bias, np.zeros_like(bias), ones]


def _normalize(network: "keras.Model", clips: NDArray[np.float32]) -> None:
    """Let each batch norm have the statistics of the clips, without changing what it computes."""
    import keras

    norms = [layer for layer in network.layers if type(layer).__name__ == "BatchNormalization"]
    seen = keras.Model(network.input, [norm.input for norm in norms])(clips, training=False)
    for norm, values in zip(norms, seen, strict=True):
        mean, variance = keras.ops.moments(values, axes=(0, 1, 2))
        _, bias, _, _ = norm.get_weights()
        scale = np.sqrt(np.asarray(variance) + norm.epsilon)
        norm.set_weights([scale, bias + np.asarray(mean), np.asarray(mean), np.asarray(variance)])
