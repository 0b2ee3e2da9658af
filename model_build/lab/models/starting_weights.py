"""Files of weights that a model starts from: they are checked early, and read with Keras."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build.lab.experiment import Model
from model_build.lab.models.model import LOGITS
from model_build.networks.yamnet import base_of

if TYPE_CHECKING:
    import keras


def check_starting_files(model: Model) -> None:
    """Raise InputError if a file that the model starts from does not exist."""
    if model.trunk_of:
        trunk_file(model)
    if model.weights and not Path(model.weights).expanduser().is_file():
        raise InputError(f"model.weights: {model.weights}: no such file; correct the path")


def trunk_file(model: Model) -> Path:
    """Return the file of the trunk's weights. Raises InputError if there is none."""
    if model.trunk_of == "built-in":
        return BUILT_IN_MODEL
    given = model.trunk_file or os.environ.get("TIMBREL_YAMNET")
    return base_of(Path(given).expanduser() if given else None)


def load_starting_weights(network: "keras.Model", model: Model) -> None:
    """Give a network the weights of a run's model.keras, but for normalisation and last layer.

    A .h5 file has been read when the network was made. Raises InputError if the file is no network
    of Keras, or has layers of other sizes.
    """
    if not model.weights or model.weights.endswith(".h5"):
        return
    given = _body(_read(Path(model.weights).expanduser()))
    own = _body(network)
    if [_shapes(layer) for layer in given] != [_shapes(layer) for layer in own]:
        raise InputError(
            f"model.weights: {model.weights} has other layers than this {model.kind}; use a run "
            "with the same kind, sizes and front end"
        )
    for layer, other in zip(own, given, strict=True):
        layer.set_weights(other.get_weights())


def _read(path: Path) -> "keras.Model":
    import keras

    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"model.weights: {path} is not a network of Keras: {reason}") from None


def _body(network: "keras.Model") -> "list[keras.layers.Layer]":
    import keras

    return [
        layer
        for layer in network.layers
        if layer.get_weights()
        and layer.name != LOGITS
        and not isinstance(layer, keras.layers.Normalization)
    ]


def _shapes(layer: "keras.layers.Layer") -> list[tuple[int, ...]]:
    return [weights.shape for weights in layer.get_weights()]
