"""Class activation maps of a network."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.lab.features.reading import Chunks
from model_build.lab.models.model import LOGITS

Map = NDArray[np.float32]

_MEAN = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalAveragePooling1D)
_POOLING = (*_MEAN, keras.layers.GlobalMaxPooling2D)


class Cut(NamedTuple):
    """A network, cut before the layer that takes the mean or the highest value over time."""

    before: Callable[[Any], Any]
    """From chunks (n, frames, values) to activations (n, frames', values', channels)."""
    after: Callable[[Any], Any]
    """From these activations to the logits (n, classes)."""
    weights: NDArray[np.float32] | None
    """Weights of the last layer (channels, classes), if it follows the mean directly."""
    padding: tuple[tuple[int, int], tuple[int, int]]
    """Frames and values that the network adds around a chunk."""


def cut(model: keras.Model) -> Cut:
    """Cut a network; raises InputError if it takes neither over time."""
    found = next((layer for layer in model.layers if isinstance(layer, _POOLING)), None)
    if found is not None:
        before = keras.Model(model.inputs[0], found.input)
        after = keras.Model(found.input, model.outputs[0])
    else:
        before, after = _cut_inside(model)
    weights = None
    if _is_direct(model, found):
        weights = np.asarray(model.get_layer(LOGITS).kernel, np.float32)
    padded = (one for one in model.layers if isinstance(one, keras.layers.ZeroPadding2D))
    padding = next((one.padding for one in padded), ((0, 0), (0, 0)))
    return Cut(before, after, weights, padding)


def class_map(network: Cut, chunk: Chunks, place: int, kind: str) -> Map:
    """Return how much each part of a chunk (frames, values) speaks for a class, in 0..1.

    `kind` is `cam`, for networks whose last layer follows the mean over time (Zhou et al.,
    "Learning Deep Features for Discriminative Localization", 2016), or `grad-cam` (Selvaraju et
    al., "Grad-CAM", 2017). Raises InputError if a network allows no `cam`.
    """
    activations = network.before(chunk[None])
    if kind == "cam":
        if network.weights is None:
            raise InputError("output.cam: the last layer does not follow a mean; use grad-cam")
        importance = network.weights[:, place]
    else:
        importance = _mean_gradient(network, activations, place)
    raw = np.maximum(np.asarray(activations)[0] @ importance, 0.0)
    return _fitted(raw, chunk.shape, network.padding)


def _cut_inside(model: keras.Model) -> tuple[Any, Any]:
    """Cut a network inside the network that is one of its layers, such as Keras' ResNet50."""
    for layer in model.layers:
        for inner in getattr(layer, "layers", []):
            if isinstance(inner, _POOLING):
                body = keras.Model(layer.inputs[0], inner.input)
                tail = keras.Model(inner.input, layer.outputs[0])
                return (
                    _in_turn(keras.Model(model.inputs[0], layer.input), body),
                    _in_turn(tail, keras.Model(layer.output, model.outputs[0])),
                )
    raise InputError("output.cam: this network takes no mean over time; leave output.cam out")


def _in_turn(first: keras.Model, second: keras.Model) -> Callable[[Any], Any]:
    return lambda values: second(first(values))


def _is_direct(model: keras.Model, pooling: Any) -> bool:
    """Return whether nothing but dropout is between the mean over time and the last layer."""
    if pooling is None:
        *_, body, _dropout, _logits = model.layers
        return isinstance(body.layers[-1], _MEAN)
    between = model.layers[model.layers.index(pooling) + 1 : -1]
    return isinstance(pooling, _MEAN) and all(
        isinstance(one, keras.layers.Dropout) for one in between
    )


def _mean_gradient(network: Cut, activations: Any, place: int) -> NDArray[np.float32]:
    with tf.GradientTape() as tape:
        tape.watch(activations)
        logit = network.after(activations)[0, place]
    gradient = np.asarray(tape.gradient(logit, activations))[0]
    return np.asarray(gradient.reshape(-1, gradient.shape[-1]).mean(axis=0), np.float32)


def _fitted(
    raw: Map, shape: tuple[int, ...], padding: tuple[tuple[int, int], tuple[int, int]]
) -> Map:
    """Return a map in the size of a chunk, its highest value 1; one over frames for all values."""
    (top, bottom), (left, right) = padding
    size = (shape[0] + top + bottom, shape[1] + left + right)
    image = raw[..., None] if raw.ndim > 1 else raw[:, None, None]
    large = np.asarray(tf.image.resize(image, size))[..., 0]
    inside = large[top : top + shape[0], left : left + shape[1]]
    return np.asarray(inside / max(float(inside.max()), 1e-9), np.float32)
