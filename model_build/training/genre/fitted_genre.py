"""The genre layer of a run, on disk."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file
from model_build.networks.genres import GENRES
from model_build.networks.named_outputs import OutputLayer, build_trunk
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder
from model_build.training.trunk_sha256 import trunk_sha256

if TYPE_CHECKING:
    import keras

STAGE = "genre"


class FittedGenre(NamedTuple):
    """A layer, and the network that it was fitted to."""

    layer: OutputLayer
    """The linear layer from the base's embedding to the logits of the genres."""
    trunk_sha256: str
    """Hash of the weights below the layer."""


def write_genre(run: RunFolder, fitted: FittedGenre) -> None:
    """Write the run's genre layer in one step."""
    layer = fitted.layer
    with whole_file(run.genre) as fresh, fresh.open("wb") as file:
        np.savez(file, kernel=layer.kernel, bias=layer.bias, trunk_sha256=fitted.trunk_sha256)


def read_genre(recipe: Recipe, run: RunFolder) -> FittedGenre | None:
    """Read the run's genre layer; return None if the recipe has no genre.

    Raises InputError if it is missing or names other genres.
    """
    if not recipe.has_genre:
        return None
    with np.load(run.needed(run.genre, STAGE)) as file:
        layer, trunk = OutputLayer(file["kernel"], file["bias"]), str(file["trunk_sha256"])
    if len(layer.bias) != len(GENRES):
        raise InputError(f"{run.genre}: has other genres; run timbrel-build {STAGE} again")
    return FittedGenre(layer, trunk)


def genre_for(fitted: "keras.Model", recipe: Recipe, run: RunFolder) -> OutputLayer | None:
    """Return the run's genre layer for the network `fitted`, or None as `read_genre` does.

    Raises InputError if the layer was fitted to another network.
    """
    found = read_genre(recipe, run)
    if found is None:
        return None
    if found.trunk_sha256 != trunk_sha256(build_trunk(fitted)):
        raise InputError(
            f"{run.genre}: was fitted to another network than {run.fitted}; "
            f"run timbrel-build {STAGE} again"
        )
    return found.layer
