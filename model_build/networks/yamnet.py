"""YAMNet's `.tflite` as the same network in Keras: a base to train on, and a teacher.

It is itself on patches of exactly 96 frames of the default front end; its last layers always touch
their zero padding, and on longer patches every score is wrong.
"""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import load_network

if TYPE_CHECKING:
    import keras

PATCH_FRAMES = 96
BANDS = 64
EMBEDDING = 1024
CLASSES = 521
LICENCE = "Apache-2.0"

# Depthwise strides of MobileNet's thirteen separable blocks, Howard et al., "MobileNets" (2017).
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
_REMEDY = "name YAMNet's .tflite with --base FILE or TIMBREL_YAMNET (the README tells where it is)"


class Layer(NamedTuple):
    """One layer's float weights: kernel as TFLite lays it out, bias (outputs,)."""

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


def base_of(path: Path | None) -> Path:
    """The base network's file; raises InputError when it is not named or missing."""
    if path is None:
        raise InputError(f"the recipe starts from a base network; {_REMEDY}")
    if not path.is_file():
        raise InputError(f"base network {path}: no such file; {_REMEDY}")
    return path


def read_layers(path: Path) -> list[Layer]:
    """The 28 layers' weights, dequantised channel by channel, in the order of the network.

    Raises InputError when the file is not YAMNet.
    """
    network = load_network(path)
    tensors = network.get_tensor_details()
    layers = [
        Layer(_dequantised(network, kernel), _dequantised(network, bias))
        for kernel, bias in pairwise(tensors)
        if kernel["dtype"] is np.int8 and bias["dtype"] is np.int32 and len(_scales(bias))
    ]
    if len(layers) != 2 * len(_STRIDES) + 2 or layers[-1].kernel.shape != (CLASSES, EMBEDDING):
        raise InputError(f"base network {path}: is not YAMNet; see the README for its source")
    return layers


def yamnet(path: Path) -> "keras.Model":
    """The network in float: a patch (96, 64) gives its embedding (1024,) and 521 logits.

    Outputs are named `embedding` and `logits`; batch norms stay folded into the weights. Raises
    InputError when the file is not YAMNet.
    """
    import keras

    layers = iter(read_layers(path))
    patch = keras.Input((PATCH_FRAMES, BANDS), name="patch")
    x = keras.layers.Reshape((PATCH_FRAMES, BANDS, 1))(patch)
    x = _convolved(x, next(layers), stride=2, size=3)
    for stride in _STRIDES:
        x = _depthwise(x, next(layers), stride)
        x = _convolved(x, next(layers), stride=1, size=1)
    embedding = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    last = keras.layers.Dense(CLASSES, name="logits")
    logits = last(embedding)
    kernel, bias = next(layers)
    last.set_weights([kernel.T, bias])
    return keras.Model(patch, {"embedding": embedding, "logits": logits}, name="yamnet")


def _convolved(x: Any, layer: Layer, *, stride: int, size: int) -> Any:
    import keras

    convolution = keras.layers.Conv2D(len(layer.bias), size, strides=stride, padding="same")
    x = convolution(x)
    convolution.set_weights([layer.kernel.transpose(1, 2, 3, 0), layer.bias])
    return keras.layers.ReLU(6.0)(x)


def _depthwise(x: Any, layer: Layer, stride: int) -> Any:
    import keras

    convolution = keras.layers.DepthwiseConv2D(3, strides=stride, padding="same")
    x = convolution(x)
    convolution.set_weights([layer.kernel.transpose(1, 2, 3, 0), layer.bias])
    return keras.layers.ReLU(6.0)(x)


def _scales(tensor: dict[str, Any]) -> NDArray[np.float32]:
    scales: NDArray[np.float32] = tensor["quantization_parameters"]["scales"]
    return scales


def _dequantised(network: Any, tensor: dict[str, Any]) -> NDArray[np.float32]:
    """A quantised constant in float; symmetric, so that no zero point is needed."""
    value = network.get_tensor(tensor["index"]).astype(np.float32)
    shape = [1] * value.ndim
    shape[tensor["quantization_parameters"]["quantized_dimension"]] = -1
    result: NDArray[np.float32] = value * _scales(tensor).reshape(shape)
    return result
