"""Acceptance check of the conversions: how far each one moves the scores of a network."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.classifier import Classifier, load_network
from daemon.hearing.logits import sigmoid
from daemon.hearing.model_file import FAMILIES, Contract
from daemon.system.silenced_output import quiet_output

if TYPE_CHECKING:
    import keras

EVERY_SOUND = "all sounds"

Patches = NDArray[np.float32]
Logits = Callable[[Patches], NDArray[np.float32]]
"""A function from patches (n, frames, bands) to logits (n, families)."""


def score_differences(
    networks: Mapping[str, Logits], sounds: Mapping[str, Patches]
) -> dict[str, float]:
    """Return the greatest difference of score, 0..1, by sound and conversion.

    Each network is converted into the next one of `networks`. `all sounds` is the maximum of a
    conversion.
    """
    differences: dict[str, float] = {}
    for before, after in pairwise(networks):
        conversion = f"{before} to {after}"
        for name, some in sounds.items():
            moved = sigmoid(networks[before](some)) - sigmoid(networks[after](some))
            differences[f"{name}, {conversion}"] = float(np.abs(moved).max())
        every = [differences[f"{name}, {conversion}"] for name in sounds]
        differences[f"{EVERY_SOUND}, {conversion}"] = max(every)
    return differences


def keras_logits(network: "keras.Model") -> Logits:
    """Run a Keras network with named outputs."""
    return lambda patches: np.asarray(network(patches, training=False)[FAMILIES])


def saved_model_logits(saved: Path) -> Logits:
    """Run a SavedModel."""
    import tensorflow as tf

    with quiet_output():
        # Keep the whole object: its `serve` alone does not keep the weights alive.
        loaded = tf.saved_model.load(str(saved))
    return lambda patches: np.concatenate(
        [loaded.serve(patch[None])[FAMILIES] for patch in patches]
    )


def tflite_logits(network: bytes, contract: Contract) -> Logits:
    """Run a `.tflite` as the daemon does."""
    classifier = Classifier(load_network(network), contract)
    return lambda patches: np.stack([classifier.logits(patch) for patch in patches])
