"""YAMNet as a Keras network: the base of a student, and its teacher.

It equals the `.tflite` for patches of exactly 96 frames of the default front end only. Its last
layers always reach into their zero padding, so with longer patches all scores are wrong.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_build.networks.yamnet import BANDS, CLASSES, PATCH_FRAMES, STRIDES, Layer, read_layers

if TYPE_CHECKING:
    import keras


def build_yamnet(path: Path) -> "keras.Model":
    """Return the float network from a patch (96, 64) to its `embedding` and `logits`.

    `embedding` is (1024,), `logits` is (521,). Batch norms stay folded into the weights. Raises
    InputError if the file is not YAMNet.
    """
    import keras

    layers = iter(read_layers(path))
    patch = keras.Input((PATCH_FRAMES, BANDS), name="patch")
    x = convolved(patch, layers)
    embedding = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    last = keras.layers.Dense(CLASSES, name="logits")
    logits = last(embedding)
    kernel, bias = next(layers)
    last.set_weights([kernel.T, bias])
    return keras.Model(patch, {"embedding": embedding, "logits": logits}, name="yamnet")


def convolved(patch: Any, layers: Iterator[Layer], count: int = len(STRIDES) + 1) -> Any:
    """Return the output of the first `count` convolutions of a patch (96, 64).

    It is (frames, bands, channels); a depthwise convolution counts together with the one after it.
    """
    import keras

    x = keras.layers.Reshape((PATCH_FRAMES, BANDS, 1))(patch)
    x = _convolution(x, next(layers), stride=2, size=3)
    for stride in STRIDES[: count - 1]:
        x = _depthwise_convolution(x, next(layers), stride)
        x = _convolution(x, next(layers), stride=1, size=1)
    return x


def _convolution(x: Any, layer: Layer, *, stride: int, size: int) -> Any:
    import keras

    convolution = keras.layers.Conv2D(len(layer.bias), size, strides=stride, padding="same")
    x = convolution(x)
    convolution.set_weights([layer.kernel.transpose(1, 2, 3, 0), layer.bias])
    return keras.layers.ReLU(6.0)(x)


def _depthwise_convolution(x: Any, layer: Layer, stride: int) -> Any:
    import keras

    convolution = keras.layers.DepthwiseConv2D(3, strides=stride, padding="same")
    x = convolution(x)
    convolution.set_weights([layer.kernel.transpose(1, 2, 3, 0), layer.bias])
    return keras.layers.ReLU(6.0)(x)
