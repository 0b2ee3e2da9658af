"""The base network with a head for the families: taught the room, then shipped without the rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_build.peer import CLASSES as CLASSES_OF_FAMILY
from model_build.recipe import Teaching
from model_build.yamnet import EMBEDDING, yamnet

if TYPE_CHECKING:
    import keras

START = 0.1  # of a fresh layer's weights: the head starts with little say beside the base's classes


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
    head = _head(teaching, families, *reader.get_weights())
    outputs = {
        "embedding": embedding,
        "classes": network.output["logits"],
        "logits": head(_partly_taught(embedding, teaching.trunk_share)),
    }
    return keras.Model(network.input, outputs, name="pupil")


def graduate(taught: "keras.Model") -> "keras.Model":
    """The pupil with nothing but its family logits: what is quantised and shipped."""
    import keras

    logits = taught.get_layer("head")(taught.output["embedding"])
    return keras.Model(taught.input, logits, name="network")


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


def _head(teaching: Teaching, families: Sequence[str], kernel: Any, bias: Any) -> "keras.Model":
    """An embedding, (1024,), in; a logit a family out: what is learned, on top of what is known.

    `kernel` and `bias` read the base's classes. What the base knows of a family is the loudest of
    its classes; that is not learned anew, and holds for recordings unlike those of the corpus.
    """
    import keras

    embedding = keras.Input((EMBEDDING,), name="seen")
    hidden = keras.layers.Dense(teaching.head_units, name="hidden")(embedding)
    hidden = keras.layers.Dropout(teaching.dropout)(keras.layers.ReLU(6.0)(hidden))
    learned = keras.layers.Dense(len(families), name="family_logits")
    logits = learned(hidden)
    learned.set_weights([START * weights for weights in learned.get_weights()])
    if teaching.known_weight:
        logits = keras.layers.Add()([logits, _known(teaching, families, embedding, kernel, bias)])
    return keras.Model(embedding, logits, name="head")


def _known(
    teaching: Teaching, families: Sequence[str], embedding: Any, kernel: Any, bias: Any
) -> Any:
    """The loudest of each family's own classes, (n, families); 0 where the base knows none."""
    import keras

    classes = [CLASSES_OF_FAMILY.get(family, []) for family in families]
    order = [index for indices in classes for index in indices]
    read = keras.layers.Dense(max(1, len(order)), name="known", trainable=False)
    values = read(embedding)
    if order:
        read.set_weights([teaching.known_weight * w for w in (kernel[:, order], bias[order])])
    loudest, start = [], 0
    for indices in classes:
        end = start + len(indices)
        run = values[:, start:end] if indices else 0.0 * values[:, :1]
        loudest.append(keras.ops.max(run, axis=1, keepdims=True))
        start = end
    return keras.ops.concatenate(loudest, axis=1)


def _partly_taught(value: Any, share: float) -> Any:
    """The value itself, of whose gradient only a share comes through."""
    import keras

    if share == 1.0:
        return value
    return share * value + (1.0 - share) * keras.ops.stop_gradient(value)
