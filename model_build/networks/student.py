"""The student of a distillation: the base network with a head for the families.

The names of its models and layers are part of the backup of an interrupted training.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_build.networks.earlier_model import earlier_model, load_weights
from model_build.networks.yamnet import EMBEDDING
from model_build.networks.yamnet_network import build_yamnet
from model_build.recipe import Teaching

if TYPE_CHECKING:
    import keras


def build_student(teaching: Teaching, base: Path, families: Sequence[str]) -> "keras.Model":
    """Return a network from a patch (96, 64) to `embedding`, `classes` and `logits`.

    `embedding` and `classes` are the outputs of the base, `logits` those of the head, one per
    family. The base's own layer from embedding to classes is frozen, so that the embedding must
    remain one that this layer can read. Trunk and head begin as those of `teaching.start`, if it
    is set. Raises InputError if there is no such model.
    """
    import keras

    network = build_yamnet(base)
    classes_layer = network.get_layer("logits")
    classes_layer.trainable = False
    embedding = network.get_layer("embedding").output
    head = _head(teaching, len(families))
    outputs = {
        "embedding": embedding,
        "classes": network.output["logits"],
        "logits": head(_scale_gradient(embedding, teaching.trunk_share)),
    }
    student = keras.Model(network.input, outputs, name="pupil")
    if teaching.start:
        load_weights(student, earlier_model(teaching.start))
    return student


def pool_student_patches(student: "keras.Model", patches: int) -> "keras.Model":
    """Return the student applied to a window, (patches, frames, bands).

    Its family logits are averaged over the patches; embeddings and classes stay by patch.
    """
    import keras

    shape = student.input.shape[1:]
    window = keras.Input((patches, *shape), name="window")
    by_patch = student(keras.ops.reshape(window, (-1, *shape)))
    outputs = {
        name: keras.ops.reshape(value, (-1, patches, value.shape[-1]))
        for name, value in by_patch.items()
    }
    outputs["logits"] = keras.ops.mean(outputs["logits"], axis=1)
    return keras.Model(window, outputs, name="schooled")


def _head(teaching: Teaching, families: int) -> "keras.Model":
    """Return a network from an embedding (1024,) to logits (families,)."""
    import keras

    embedding = keras.Input((EMBEDDING,), name="seen")
    hidden = keras.layers.Dense(teaching.head_units, name="hidden")(embedding)
    hidden = keras.layers.Dropout(teaching.dropout)(keras.layers.ReLU(6.0)(hidden))
    logits = keras.layers.Dense(families, name="family_logits")(hidden)
    return keras.Model(embedding, logits, name="head")


def _scale_gradient(value: Any, share: float) -> Any:
    """Return the value unchanged, but let only a share of its gradient through."""
    import keras

    if share == 1.0:
        return value
    return share * value + (1.0 - share) * keras.ops.stop_gradient(value)
