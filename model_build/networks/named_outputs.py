"""The network that ships: the fitted one with more outputs beside its logits, all of them named."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.model_file import EMBEDDING, FAMILIES, GENRE
from model_build.networks.genres import CLASSES_OF_GENRE

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

    `fitted` is the network from a patch to the logits of the families. `genre` is a layer to the
    classes of `CLASSES_OF_GENRE`; the output has the highest logit of each genre.
    """
    import keras

    outputs = {FAMILIES: fitted.output}
    if embedding is not None:
        outputs[EMBEDDING] = _after_trunk(fitted, embedding, "instrument")
    if genre is not None:
        outputs[GENRE] = _highest_of_each_genre(len(genre.bias))(
            _after_trunk(fitted, genre, "genre_classes")
        )
    return keras.Model(fitted.input, outputs, name="shipped")


def _after_trunk(fitted: "keras.Model", values: OutputLayer, name: str) -> Any:
    """Return the output of a fixed layer on the base's embedding."""
    import keras

    layer = keras.layers.Dense(values.kernel.shape[1], name=name, trainable=False)
    output = layer(fitted.get_layer(TRUNK_LAYER).output)
    layer.set_weights([values.kernel, values.bias])
    return output


def _highest_of_each_genre(count: int) -> "keras.Model":
    """Return a network from the logits of classes, (count,), to the highest of each genre.

    It is a network of its own, because the names of its operations exist in `fitted`, too.
    """
    import keras

    classes = keras.Input((count,))
    ends = np.cumsum([len(indices) for indices in CLASSES_OF_GENRE.values()])
    highest = [
        keras.ops.max(classes[:, end - len(indices) : end], axis=1, keepdims=True)
        for end, indices in zip(ends, CLASSES_OF_GENRE.values(), strict=True)
    ]
    return keras.Model(classes, keras.ops.concatenate(highest, axis=1), name="genres")
