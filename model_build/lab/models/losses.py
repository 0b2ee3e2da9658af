"""The losses of the lab, from logits; classes of which nothing is known do not count."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from model_build.lab.features.truth import Truth

UNKNOWN = -1.0
"""The target of a class of which nobody knows whether the recording has it."""

_FOCUS = 2.0  # gamma in the paper
_CLIPPED = 1e-7
"""Lowest probability, and distance of the highest one from 1, as in Keras."""

Loss = Callable[[Any, Any], Any]


def targets_of(truth: Truth, owners: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the targets (chunks, classes) of the chunks of `owners`: 1, 0, or UNKNOWN."""
    targets = np.where(truth.known, truth.has.astype(np.float32), np.float32(UNKNOWN))
    return np.asarray(targets[owners], np.float32)


def loss_of(name: str, label_smoothing: float = 0.0) -> Loss:
    """Return the loss (batch,) of targets and logits, both (batch, classes)."""
    if name == "cross-entropy":
        return lambda targets, logits: keras.losses.categorical_crossentropy(
            targets, logits, from_logits=True, label_smoothing=label_smoothing
        )
    each = {"bce": _bce, "bce-logits": _bce_logits, "focal": _focal}[name]
    return lambda targets, logits: _mean_of_known(each, targets, logits)


def share_of_right(targets: Any, logits: Any) -> Any:
    """Return the share (batch,) of the known classes on the right side of a score of 0.5."""
    known = ops.cast(targets >= 0.0, "float32")
    right = ops.cast(ops.equal(targets > 0.5, logits > 0.0), "float32") * known  # noqa: PLR2004
    return ops.sum(right, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1.0)


def _mean_of_known(each: Loss, targets: Any, logits: Any) -> Any:
    known = ops.cast(targets >= 0.0, logits.dtype)
    losses = each(ops.maximum(targets, 0.0), logits) * known
    return ops.sum(losses, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1.0)


def _bce(targets: Any, logits: Any) -> Any:
    """Binary cross-entropy of probabilities, which are clipped.

    Keras' own would find the logits behind the probabilities in a compiled graph, and use these.
    """
    probabilities = ops.clip(ops.sigmoid(logits), _CLIPPED, 1.0 - _CLIPPED)
    return -targets * ops.log(probabilities) - (1.0 - targets) * ops.log(1.0 - probabilities)


def _bce_logits(targets: Any, logits: Any) -> Any:
    """Binary cross-entropy computed from logits, which keeps its gradient for large ones."""
    return ops.binary_crossentropy(targets, logits, from_logits=True)


def _focal(targets: Any, logits: Any) -> Any:
    """Binary cross-entropy that weighs easy decisions less.

    Lin et al., "Focal Loss for Dense Object Detection" (2017).
    """
    right = targets * ops.sigmoid(logits) + (1.0 - targets) * ops.sigmoid(-logits)
    return ops.power(1.0 - right, _FOCUS) * _bce_logits(targets, logits)
