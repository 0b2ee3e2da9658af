"""The network that ships: the fitted one with more outputs beside its logits, all of them named."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.model_file import EMBEDDING, FAMILIES, GENRE

if TYPE_CHECKING:
    import keras

TRUNK_LAYER = "embedding"
"""The layer of a student whose output is the base's embedding."""


class OutputLayer(NamedTuple):
    """A linear layer from the base's embedding to an output."""

    kernel: NDArray[np.float32]
    """(base values, values)."""
    bias: NDArray[np.float32]
    """(values,)."""


def build_trunk(fitted: "keras.Model") -> "keras.Model":
    """Return the part of a fitted student from a patch to the base's embedding, (1024,)."""
    import keras

    return keras.Model(fitted.input, fitted.get_layer(TRUNK_LAYER).output, name="trunk")


def with_named_outputs(
    fitted: "keras.Model",
    embedding: OutputLayer | None = None,
    genre: OutputLayer | None = None,
) -> "keras.Model":
    """Return a network from a patch to `families`, and to the outputs that there is a layer for.

    `fitted` is the network from a patch to the logits of the families.
    """
    import keras

    outputs = {FAMILIES: fitted.output}
    for name, layer_name, values in (
        (EMBEDDING, "instrument", embedding),
        (GENRE, "genres", genre),
    ):
        if values is None:
            continue
        layer = keras.layers.Dense(values.kernel.shape[1], name=layer_name, trainable=False)
        outputs[name] = layer(fitted.get_layer(TRUNK_LAYER).output)
        layer.set_weights([values.kernel, values.bias])
    return keras.Model(fitted.input, outputs, name="shipped")
