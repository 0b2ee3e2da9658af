"""Which weights or channels of a network stay, and how the others are held at 0."""

from collections.abc import Callable
from typing import Any, TypeAlias

import keras
import numpy as np
from numpy.typing import NDArray

from model_build.lab.models.model import LOGITS

Mask: TypeAlias = tuple[Any, NDArray[np.float32]]
"""A variable of a network, and what it is multiplied by: 1 or 0."""
Masks: TypeAlias = Callable[[keras.Model, float], list[Mask]]
"""Returns the masks that remove a share of a network."""


def magnitude_masks(model: keras.Model, share: float) -> list[Mask]:
    """Return masks that remove the smallest weights of each layer but the last one.

    Han et al., "Learning both Weights and Connections for Efficient Neural Networks" (2015).
    """
    last = model.get_layer(LOGITS).kernel
    kernels = [one for one in model.trainable_variables if one.name == "kernel" and one is not last]
    masks = []
    for kernel in kernels:
        size = np.abs(np.asarray(kernel))
        kept = np.ones(size.size, np.float32)
        kept[np.argsort(size, axis=None, kind="stable")[: round(share * size.size)]] = 0.0
        masks.append((kernel, kept.reshape(size.shape)))
    return masks


def channel_masks(model: keras.Model, share: float) -> list[Mask]:
    """Return masks that remove the channels with the smallest weights of each layer but the last.

    The output of a removed channel is 0, also after the batch normalization behind it. Li et al.,
    "Pruning Filters for Efficient ConvNets" (2017).
    """
    masks: list[Mask] = []
    kept = np.ones(0, np.float32)
    for layer in model.layers:
        if is_prunable(layer):
            sizes = np.abs(np.asarray(layer.kernel)).reshape(-1, layer.kernel.shape[-1]).sum(axis=0)
            kept = np.ones(len(sizes), np.float32)
            removed = min(round(share * len(sizes)), len(sizes) - 1)
            kept[np.argsort(sizes, kind="stable")[:removed]] = 0.0
            variables = [layer.kernel, *([layer.bias] if layer.use_bias else [])]
        elif isinstance(layer, keras.layers.BatchNormalization):
            variables = [layer.gamma, layer.beta]
        else:
            continue
        masks += [(variable, np.broadcast_to(kept, variable.shape)) for variable in variables]
    return masks


def is_prunable(layer: Any) -> bool:
    """Return whether the channels of a layer can be removed."""
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    return isinstance(layer, kinds) and layer.name != LOGITS


def removed_share(epoch: int, ramp_epochs: int, share: float) -> float:
    """Return the share that is removed in an epoch, counted from 0.

    Zhu and Gupta, "To prune, or not to prune" (2018).
    """
    progress = min(1.0, (epoch + 1) / max(1, ramp_epochs))
    return share * (1.0 - (1.0 - progress) ** 3)


class Pruner(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Removes a growing share of a network, and holds at 0 what is removed."""

    def __init__(self, masks: Masks, ramp_epochs: int, share: float) -> None:
        super().__init__()
        self._make, self._ramp_epochs, self._share = masks, ramp_epochs, share
        self._masks: list[Mask] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Choose what is removed in this epoch."""
        del logs
        share = removed_share(epoch, self._ramp_epochs, self._share)
        self._masks = self._make(self.model, share)
        self._apply()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Undo what the optimiser did to the removed weights."""
        del batch, logs
        self._apply()

    def _apply(self) -> None:
        for variable, kept in self._masks:
            variable.assign(variable * kept)
