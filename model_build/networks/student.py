"""The base network with a head for the families: taught the room, then shipped without the rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_build.networks.audioset import CLASSES_OF_FAMILY, MUSIC
from model_build.networks.yamnet import EMBEDDING, yamnet
from model_build.recipe import Teaching

if TYPE_CHECKING:
    import keras


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
    head = _head(teaching, len(families))
    outputs = {
        "embedding": embedding,
        "classes": network.output["logits"],
        "logits": head(_partly_taught(embedding, teaching.trunk_share)),
    }
    return keras.Model(network.input, outputs, name="pupil")


def graduate(
    taught: "keras.Model", teaching: Teaching, base: Path, families: Sequence[str]
) -> "keras.Model":
    """The pupil's family logits and, on top, what the base knows: what is quantised and shipped.

    What the base knows of a family is the loudest of its classes; that it is music at all counts
    for every family. The head learned without either: a head that has them from the start only
    learns what they get wrong in the corpus, and hears recordings unlike those of the corpus worse.
    For the same reason the weights lean back to the base's, a share of the way.
    """
    import keras

    taught = _leant(taught, pupil(teaching, base, families), teaching.base_share)
    embedding = taught.output["embedding"]
    kernel, bias = taught.get_layer("logits").get_weights()
    logits = taught.get_layer("head")(embedding)
    if weight := teaching.known_weight:
        logits = logits + _known(families, embedding, weight * kernel, weight * bias)
    if weight := teaching.music_weight:
        # One column a family, all the same: TensorFlow adds a single one to the wrong rows where
        # there are as many patches as families.
        of_all = [MUSIC] * len(families)
        music = keras.layers.Dense(len(families), name="music", trainable=False)
        logits = logits + music(embedding)
        music.set_weights([weight * kernel[:, of_all], weight * bias[of_all]])
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


def _leant(taught: "keras.Model", start: "keras.Model", share: float) -> "keras.Model":
    """The pupil whose base is an average of what it became and what it was; the head stays.

    Wortsman et al., "Robust fine-tuning of zero-shot models" (2022): such an average hears what is
    unlike the corpus better than either. `start` takes the weights.
    """
    for own, learned in zip(start.layers, taught.layers, strict=True):
        kept = 0.0 if own.name == "head" else share
        pairs = zip(own.get_weights(), learned.get_weights(), strict=True)
        own.set_weights([kept * before + (1.0 - kept) * after for before, after in pairs])
    return start


def _head(teaching: Teaching, families: int) -> "keras.Model":
    """An embedding, (1024,), in; a logit a family out."""
    import keras

    embedding = keras.Input((EMBEDDING,), name="seen")
    hidden = keras.layers.Dense(teaching.head_units, name="hidden")(embedding)
    hidden = keras.layers.Dropout(teaching.dropout)(keras.layers.ReLU(6.0)(hidden))
    logits = keras.layers.Dense(families, name="family_logits")(hidden)
    return keras.Model(embedding, logits, name="head")


def _known(families: Sequence[str], embedding: Any, kernel: Any, bias: Any) -> Any:
    """The loudest of each family's own classes, (n, families); 0 where the base knows none."""
    import keras

    classes = [CLASSES_OF_FAMILY.get(family, []) for family in families]
    order = [index for indices in classes for index in indices]
    read = keras.layers.Dense(max(1, len(order)), name="known", trainable=False)
    values = read(embedding)
    if order:
        read.set_weights([kernel[:, order], bias[order]])
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
