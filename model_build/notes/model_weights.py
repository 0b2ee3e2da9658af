"""Take the weights of a note model's file, so that its training can continue without its run.

The file has int8 weights and no batch norms, which are part of the weights. They are made anew from
the statistics of some clips, so that the network computes the same, apart from rounding.

A layer that sees later frames in the file, but not in the network, takes the frame itself for them.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network
from daemon.practice.notes.note_contract import read_note_contract
from model_build.networks.yamnet import Layer, dequantized, scales_of
from model_build.notes.network_table import Layer as NoteLayer
from model_build.notes.network_table import delay_frames

if TYPE_CHECKING:
    import keras


def is_model_file(path: Path) -> bool:
    """Return whether a file is a `.tflite`, by its name."""
    return path.suffix == ".tflite"


def take_model_weights(
    network: "keras.Model",
    note_layers: Sequence[NoteLayer],
    path: Path,
    clips: NDArray[np.float32],
) -> None:
    """Set the weights of a clip network of `note_layers` to those of a note model's file.

    `clips` are stacked frames (clips, frames, 264, 11). Raises InputError if the file is no note
    model in int8, or one with other layers or a delay that cannot be shortened to the network's.
    """
    layers = _layers_of(path)
    convolutions = [layer for layer in network.layers if type(layer).__name__ == "Conv2D"]
    shapes = [tuple(layer.kernel.transpose(1, 2, 3, 0).shape) for layer in layers]
    if shapes != [tuple(layer.kernel.shape) for layer in convolutions]:
        raise InputError(
            f"{path}: is not a note network of these settings; name a model with the same "
            "channels, or leave out --weights"
        )
    cut = _layers_to_cut(path, note_layers)
    for convolution, layer in zip(convolutions, layers, strict=True):
        kernel = layer.kernel.transpose(1, 2, 3, 0)
        if convolution.name in cut:
            kernel = _without_later_frames(kernel)
        convolution.set_weights([kernel, layer.bias] if convolution.use_bias else [kernel])
        if not convolution.use_bias:
            norm = network.get_layer(f"{convolution.name}_norm")
            norm.set_weights(_passing(layer.bias, norm.epsilon))
    _normalize(network, clips)


def _layers_to_cut(path: Path, layers: Sequence[NoteLayer]) -> set[str]:
    """Return the names of the layers that see later frames only in the file."""
    delay = read_note_contract(path).delay_frames
    if delay == delay_frames(layers):
        return set()
    if delay == delay_frames([layer._replace(is_past_only=False) for layer in layers]):
        return {layer.name for layer in layers if layer.is_past_only}
    raise InputError(
        f"{path}: has a delay of {delay} frames, from which training.past_layers of the recipe "
        "cannot follow; name a model without past layers, or leave out --weights"
    )


def _without_later_frames(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a centred kernel (frames, keys, inputs, outputs) moved so that it ends at its centre.

    The weights of later frames are added to those of the frame itself, which is most like them.
    """
    middle = len(kernel) // 2
    moved = np.zeros_like(kernel)
    moved[middle:] = kernel[: middle + 1]
    moved[-1] += kernel[middle + 1 :].sum(axis=0)
    return moved


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
