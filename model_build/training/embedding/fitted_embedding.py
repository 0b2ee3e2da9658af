"""The embedding layer of a run, on disk, and the id of its embedding space."""

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd
from daemon.system.files.whole_file import whole_file
from model_build.networks.named_outputs import EmbeddingLayer, build_trunk
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder

if TYPE_CHECKING:
    import keras

STAGE = "embedding"
_ID_DIGITS = 16


class FittedEmbedding(NamedTuple):
    """A layer, and the network that it was fitted to."""

    layer: EmbeddingLayer
    """The linear layer after the base's embedding."""
    trunk_sha256: str
    """Hash of the weights below the layer."""
    embedding_id: str
    """Identifies the meaning of the values: the start of a hash of everything that computes them.

    It does not change with the head, the calibration or the thresholds of the families.
    """


def trunk_sha256(trunk: "keras.Model") -> str:
    """Return the hash of the front end and of a trunk's weights, in order."""
    digest = hashlib.sha256(msgspec.json.encode(FrontEnd()))
    for weights in trunk.get_weights():
        digest.update(np.ascontiguousarray(weights, np.float32).tobytes())
    return digest.hexdigest()


def embedding_id(trunk_sha256: str, layer: EmbeddingLayer) -> str:
    """Return the id of the embedding that this layer computes after this trunk."""
    digest = hashlib.sha256(trunk_sha256.encode())
    for weights in layer:
        digest.update(np.ascontiguousarray(weights, np.float32).tobytes())
    return digest.hexdigest()[:_ID_DIGITS]


def write_embedding(run: RunFolder, fitted: FittedEmbedding) -> None:
    """Write the run's embedding layer in one step."""
    with whole_file(run.embedding) as fresh, fresh.open("wb") as file:
        np.savez(
            file,
            kernel=fitted.layer.kernel,
            bias=fitted.layer.bias,
            trunk_sha256=fitted.trunk_sha256,
        )


def read_embedding(recipe: Recipe, run: RunFolder) -> FittedEmbedding | None:
    """Read the run's embedding layer; return None if the recipe has no embedding.

    Raises InputError if it is missing or has another number of values than the recipe's.
    """
    if not recipe.embedding_values:
        return None
    with np.load(run.needed(run.embedding, STAGE)) as file:
        layer = EmbeddingLayer(file["kernel"], file["bias"])
        trunk = str(file["trunk_sha256"])
    if len(layer.bias) != recipe.embedding_values:
        raise InputError(
            f"{run.embedding}: has {len(layer.bias)} values, but the recipe wants "
            f"{recipe.embedding_values}; run timbrel-build {STAGE} again"
        )
    return FittedEmbedding(layer, trunk, embedding_id(trunk, layer))


def embedding_for(fitted: "keras.Model", recipe: Recipe, run: RunFolder) -> EmbeddingLayer | None:
    """Return the run's embedding layer for the network `fitted`, or None as `read_embedding` does.

    Raises InputError if the layer was fitted to another network.
    """
    found = read_embedding(recipe, run)
    if found is None:
        return None
    if found.trunk_sha256 != trunk_sha256(build_trunk(fitted)):
        raise InputError(
            f"{run.embedding}: was fitted to another network than {run.fitted}; "
            f"run timbrel-build {STAGE} again"
        )
    return found.layer
