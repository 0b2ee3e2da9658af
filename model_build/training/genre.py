"""The layer of a run's model that names the genre: the base network's own classes of genres.

They are read from the embedding of the trained network, which stays near that of the base. Layers
that were fitted to the base's outputs named fewer genres right (docs/ablations.yaml).
"""

from pathlib import Path

import numpy as np

from daemon.system.files.whole_file import whole_file
from model_build.networks.genres import CLASSES_OF_GENRE
from model_build.networks.named_outputs import OutputLayer
from model_build.networks.yamnet import base_of, read_layers
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder

STAGE = "genre"


def take_genre(recipe: Recipe, run: RunFolder, base: Path | None) -> OutputLayer | None:
    """Write and return the base's layer from embedding to the classes of genres.

    Return None if the recipe has no genre. Raises InputError if the base is missing or not YAMNet.
    """
    if not recipe.has_genre:
        return None
    kernel, bias = read_layers(base_of(base))[-1]
    classes = [index for indices in CLASSES_OF_GENRE.values() for index in indices]
    layer = OutputLayer(np.ascontiguousarray(kernel[classes].T), bias[classes])
    with whole_file(run.genre) as fresh, fresh.open("wb") as file:
        np.savez(file, kernel=layer.kernel, bias=layer.bias)
    return layer


def read_genre(recipe: Recipe, run: RunFolder) -> OutputLayer | None:
    """Return the run's layer for the classes of genres; None if the recipe has no genre.

    Raises InputError if it is missing.
    """
    if not recipe.has_genre:
        return None
    with np.load(run.needed(run.genre, STAGE)) as file:
        return OutputLayer(file["kernel"], file["bias"])
