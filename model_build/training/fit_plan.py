"""Everything that Keras needs for fitting a network."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class FitPlan(NamedTuple):
    """A network, its data and its losses, ready to be compiled and fitted."""

    model: "keras.Model"
    """The model that is fitted; its input is all patches of a window."""
    shipped: Callable[[], "keras.Model"]
    """Returns the network to ship, from one patch to logits (families,), once `model` is fitted."""
    training: "tf.data.Dataset"
    """Endless batches of training windows."""
    held: "tf.data.Dataset"
    """The held-out windows, once."""
    losses: Any
    """A loss, or one for each output of `model`."""
    loss_weights: dict[str, float] | None
    """The weight of each output's loss; None for a single loss."""
    metrics: Any
    """Metrics shown for each epoch; None for losses only."""
    watched: str
    """The figure of the held-out windows that ends training when it gets no better."""
