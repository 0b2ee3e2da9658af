"""The network that ships after a distillation: the student together with knowledge of its base."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_build.networks.audioset import CLASSES_OF_FAMILY, MUSIC
from model_build.networks.student import build_student
from model_build.recipe import Teaching

if TYPE_CHECKING:
    import keras


def build_shipped_network(
    student: "keras.Model", teaching: Teaching, base: Path, families: Sequence[str]
) -> "keras.Model":
    """Return a network from a patch to family logits, to be quantized and shipped.

    The logits of the base's own classes are added to those of the head: to each family the highest
    of its classes, to all families the class Music. They are added after training, because a head
    that has them during training learns only to correct them on the corpus, and is then worse on
    other recordings. For the same reason, the weights are partly set back to the base's.
    """
    import keras

    fresh = build_student(teaching, base, families)
    student = _averaged(student, fresh, teaching.base_share, has_head=bool(teaching.start))
    embedding = student.output["embedding"]
    kernel, bias = student.get_layer("logits").get_weights()
    logits = student.get_layer("head")(embedding)
    if weight := teaching.known_weight:
        logits = logits + _known_classes(families, embedding, weight * kernel, weight * bias)
    if weight := teaching.music_weight:
        # The same column for each family: TensorFlow adds a single one to the wrong rows if there
        # are as many patches as families.
        of_all = [MUSIC] * len(families)
        music = keras.layers.Dense(len(families), name="music", trainable=False)
        logits = logits + music(embedding)
        music.set_weights([weight * kernel[:, of_all], weight * bias[of_all]])
    return keras.Model(student.input, logits, name="network")


def _averaged(
    student: "keras.Model", fresh: "keras.Model", base_share: float, *, has_head: bool
) -> "keras.Model":
    """Return `fresh` with the average weights of both; a head that was random is the student's.

    `fresh` is a student before training, and `base_share` its weight in the average. Wortsman et
    al., "Robust fine-tuning of zero-shot models" (2022): the average is better than either on
    sound that is unlike the corpus.
    """
    for own, learned in zip(fresh.layers, student.layers, strict=True):
        share = base_share if has_head or own.name != "head" else 0.0
        pairs = zip(own.get_weights(), learned.get_weights(), strict=True)
        own.set_weights([share * before + (1.0 - share) * after for before, after in pairs])
    return fresh


def _known_classes(families: Sequence[str], embedding: Any, kernel: Any, bias: Any) -> Any:
    """Return the highest logit of each family's classes, (n, families); 0 if it has none."""
    import keras

    classes = [CLASSES_OF_FAMILY.get(family, []) for family in families]
    order = [index for indices in classes for index in indices]
    layer = keras.layers.Dense(max(1, len(order)), name="known", trainable=False)
    values = layer(embedding)
    if order:
        layer.set_weights([kernel[:, order], bias[order]])
    highest, start = [], 0
    for indices in classes:
        end = start + len(indices)
        own = values[:, start:end] if indices else 0.0 * values[:, :1]
        highest.append(keras.ops.max(own, axis=1, keepdims=True))
        start = end
    return keras.ops.concatenate(highest, axis=1)
