"""A network without its removed channels."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model_build.lab.pruning.masks import is_prunable

_CHANNELS = {"Conv2D": "filters", "Dense": "units"}

Places = NDArray[np.int64]


def shrunk(model: keras.Model) -> keras.Model:
    """Return a smaller network with the same output, without the channels whose weights are all 0.

    The layers must be a chain.
    """
    kept = {layer.name: _kept(layer) for layer in model.layers if is_prunable(layer)}

    def smaller(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name in kept:
            config[_CHANNELS[type(layer).__name__]] = len(kept[layer.name])
        return type(layer).from_config(config)

    small = keras.models.clone_model(model, clone_function=smaller)
    incoming: Places | None = None
    for layer, target in zip(model.layers, small.layers, strict=True):
        weights = [np.asarray(weight) for weight in layer.weights]
        if hasattr(layer, "kernel"):
            outgoing = kept.get(layer.name)
            target.set_weights(_selected(weights, incoming, outgoing))
            incoming = outgoing
        elif isinstance(layer, keras.layers.BatchNormalization) and incoming is not None:
            target.set_weights([weight[incoming] for weight in weights])
        elif weights:
            target.set_weights(weights)
    return small


def _kept(layer: Any) -> Places:
    kernel = np.asarray(layer.kernel)
    places = np.flatnonzero(kernel.reshape(-1, kernel.shape[-1]).any(axis=0))
    # A layer needs a channel, even if all its weights became 0.
    return places if len(places) else np.zeros(1, np.int64)


def _selected(
    weights: list[NDArray[np.float32]], incoming: Places | None, outgoing: Places | None
) -> list[NDArray[np.float32]]:
    """Return kernel (…, channels in, channels out) and bias with some of the channels."""
    kernel, *bias = weights
    if incoming is not None:
        kernel = np.take(kernel, incoming, axis=-2)
    if outgoing is None:
        return [kernel, *bias]
    return [kernel[..., outgoing], *(one[outgoing] for one in bias)]
