"""The base network with a head for the families: taught the room, then shipped without the rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model_build.peer import CLASSES as CLASSES_OF_FAMILY
from model_build.recipe import Teaching
from model_build.yamnet import yamnet

if TYPE_CHECKING:
    import keras

# What the base already knows of the families; its order is that of the head's inputs.
MUSICAL = sorted({index for indices in CLASSES_OF_FAMILY.values() for index in indices})


def pupil(teaching: Teaching, base: Path, families: Sequence[str]) -> "keras.Model":
    """A patch, (96, 64), in; `embedding` and `classes` as the base says them, `logits` a family.

    The layer that reads the classes stays the base's own, so that the embedding must stay one that
    it can read.
    """
    import keras

    network = yamnet(base)
    reader = network.get_layer("logits")
    reader.trainable = False
    embedding = network.get_layer("embedding").output
    known = keras.layers.Dense(len(MUSICAL), name="known")
    seen = known(embedding)
    kernel, bias = reader.get_weights()
    known.set_weights([kernel[:, MUSICAL], bias[MUSICAL]])
    hidden = keras.layers.Dense(teaching.head_units, name="hidden")(embedding)
    hidden = keras.layers.Dropout(teaching.dropout)(keras.layers.ReLU(6.0)(hidden))
    both = keras.layers.Concatenate()([hidden, seen])
    logits = keras.layers.Dense(len(families), name="family_logits")
    outputs = {
        "embedding": embedding,
        "classes": network.output["logits"],
        "logits": logits(both),
    }
    _start_from_what_is_known(logits, teaching.head_units, families)
    return keras.Model(network.input, outputs, name="pupil")


def graduate(taught: "keras.Model") -> "keras.Model":
    """The pupil with nothing but its family logits: what is quantised and shipped."""
    import keras

    return keras.Model(taught.input, taught.output["logits"], name="network")


def schooled(taught: "keras.Model", patches: int) -> "keras.Model":
    """The pupil on a window's patches, (patches, frames, bands), its family logits averaged."""
    import keras

    shape = taught.input.shape[1:]
    window = keras.Input((patches, *shape), name="window")
    said = taught(keras.ops.reshape(window, (-1, *shape)))
    apart = {
        name: keras.ops.reshape(value, (-1, patches, value.shape[-1]))
        for name, value in said.items()
    }
    apart["logits"] = keras.ops.mean(apart["logits"], axis=1)
    return keras.Model(window, apart, name="schooled")


def _start_from_what_is_known(
    layer: "keras.layers.Dense", head_units: int, families: Sequence[str]
) -> None:
    """Each family starts as the sum of its own classes; the hidden units start with little say."""
    kernel, bias = layer.get_weights()
    kernel[:head_units] *= 0.1
    kernel[head_units:] = 0.0
    for column, family in enumerate(families):
        places = [head_units + MUSICAL.index(index) for index in CLASSES_OF_FAMILY.get(family, [])]
        kernel[places, column] = 1.0 / np.sqrt(max(1, len(places)))
    layer.set_weights([kernel, bias])
