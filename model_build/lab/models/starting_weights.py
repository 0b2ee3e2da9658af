"""Weights from a file that a network starts from."""

from pathlib import Path

import keras

from daemon.errors import InputError
from model_build.lab.experiment import Model
from model_build.lab.models.networks import LOGITS


def load_starting_weights(network: keras.Model, model: Model) -> None:
    """Give a network the weights of a run's model.keras, but for normalisation and last layer.

    A .h5 file has been read when the network was made. Raises InputError if the file is missing,
    is no network of Keras, or has layers of other sizes.
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


def check_weights_file(model: Model) -> None:
    """Raise InputError if there is no such file."""
    if model.weights and not Path(model.weights).expanduser().is_file():
        raise InputError(f"model.weights: {model.weights}: no such file; correct the path")


def _read(path: Path) -> keras.Model:
    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, OSError) as error:
        raise InputError(f"model.weights: {path} is not a network of Keras: {error}") from None


def _body(network: keras.Model) -> list[keras.layers.Layer]:
    return [
        layer
        for layer in network.layers
        if layer.get_weights()
        and layer.name != LOGITS
        and not isinstance(layer, keras.layers.Normalization)
    ]


def _shapes(layer: keras.layers.Layer) -> list[tuple[int, ...]]:
    return [weights.shape for weights in layer.get_weights()]
