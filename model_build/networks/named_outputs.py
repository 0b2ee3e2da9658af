"""The network that ships: the fitted one with an embedding beside its logits, and named outputs."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.model_file import EMBEDDING, FAMILIES

if TYPE_CHECKING:
    import keras

TRUNK_LAYER = "embedding"
"""The layer of a student whose output is the base's embedding."""


class EmbeddingLayer(NamedTuple):
    """A linear layer from the base's embedding to the one that ships."""

    kernel: NDArray[np.float32]
    """(base values, values)."""
    bias: NDArray[np.float32]
    """(values,)."""


def build_trunk(fitted: "keras.Model") -> "keras.Model":
    """Return the part of a fitted student from a patch to the base's embedding, (1024,)."""
    import keras

    return keras.Model(fitted.input, fitted.get_layer(TRUNK_LAYER).output, name="trunk")


def with_named_outputs(
    fitted: "keras.Model", embedding: EmbeddingLayer | None = None
) -> "keras.Model":
    """Return a network from a patch to `families`, and to `embedding` if there is a layer for it.

    `fitted` is the network from a patch to the logits of the families.
    """
    import keras

    outputs = {FAMILIES: fitted.output}
    if embedding is not None:
        values = embedding.kernel.shape[1]
        layer = keras.layers.Dense(values, name="instrument", trainable=False)
        outputs[EMBEDDING] = layer(fitted.get_layer(TRUNK_LAYER).output)
        layer.set_weights([embedding.kernel, embedding.bias])
    return keras.Model(fitted.input, outputs, name="shipped")
