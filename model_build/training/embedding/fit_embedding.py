"""Fit the embedding of a run's network, which the teaching of instruments needs."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.networks.named_outputs import build_trunk
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder
from model_build.training.embedding.fitted_embedding import (
    FittedEmbedding,
    embedding_id,
    write_embedding,
    written_embedding,
)
from model_build.training.embedding.instrument_windows import instrument_windows
from model_build.training.embedding.projection import instrument_projection
from model_build.training.train import load_fitted
from model_build.training.trunk_sha256 import trunk_sha256
from model_build.windows.features import made_features

if TYPE_CHECKING:
    import keras


def fit_embedding(
    recipe: Recipe, run: RunFolder, *, workers: int | None = None, resume: bool = False
) -> FittedEmbedding | None:
    """Fit the embedding on the training side, and write and return it.

    Return None if the recipe has no embedding. With `resume`, an embedding of the recipe's length
    that was fitted to the current network is kept. Raises InputError if the network or the
    features are missing, or if the training side has too few instruments.
    """
    values = recipe.embedding_values
    if not values:
        return None
    made_features(recipe, run)
    trunk = build_trunk(load_fitted(run))
    network = trunk_sha256(trunk)
    if resume and run.embedding.exists():
        found = written_embedding(run)
        if found.trunk_sha256 == network and len(found.layer.bias) == values:
            return found
    by_instrument = [embed(trunk, some) for some in instrument_windows(run, "train", workers)]
    numbers = np.repeat(np.arange(len(by_instrument)), [len(some) for some in by_instrument])
    try:
        layer = instrument_projection(np.concatenate(by_instrument), numbers, values)
    except ValueError as error:
        raise InputError(
            f"recipe: teaching.embedding_values is {values}, but {error}; "
            "lower it or add recordings of other instruments"
        ) from None
    fitted = FittedEmbedding(layer, network, embedding_id(network, layer))
    write_embedding(run, fitted)
    return fitted


def embed(trunk: "keras.Model", windows: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the base's embedding of windows, the mean over the patches: (..., values).

    `windows` are log-mel frames (..., patches, frames, bands). The mean comes first and the linear
    layer after it, which gives the same as the mean of that layer's outputs.
    """
    by_patch = windows.reshape(-1, *windows.shape[-2:]).astype(np.float32)
    embeddings = np.asarray(trunk(by_patch, training=False)).reshape(*windows.shape[:-2], -1)
    return np.asarray(embeddings.mean(axis=-2), np.float32)
