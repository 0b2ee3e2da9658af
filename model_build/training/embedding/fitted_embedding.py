"""The embedding layer of a run, on disk, and the id of its embedding space."""

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file
from model_build.networks.named_outputs import OutputLayer, build_trunk
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder
from model_build.training.trunk_sha256 import trunk_sha256

if TYPE_CHECKING:
    import keras

STAGE = "embedding"
_ID_DIGITS = 16


class FittedEmbedding(NamedTuple):
    """A layer, and the network that it was fitted to."""

    layer: OutputLayer
    """The linear layer after the base's embedding."""
    trunk_sha256: str
    """Hash of the weights below the layer."""
    embedding_id: str
    """Identifies the meaning of the values: the start of a hash of everything that computes them.

    It does not change with the head, the calibration or the thresholds of the families.
    """


def embedding_id(trunk_sha256: str, layer: OutputLayer) -> str:
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
    found = written_embedding(run)
    if len(found.layer.bias) != recipe.embedding_values:
        raise InputError(
            f"{run.embedding}: has {len(found.layer.bias)} values, but the recipe wants "
            f"{recipe.embedding_values}; run timbrel-build {STAGE} again"
        )
    return found


def written_embedding(run: RunFolder) -> FittedEmbedding:
    """Read the run's embedding layer, whatever its length. Raises InputError if it is missing."""
    with np.load(run.needed(run.embedding, STAGE)) as file:
        layer = OutputLayer(file["kernel"], file["bias"])
        trunk = str(file["trunk_sha256"])
    return FittedEmbedding(layer, trunk, embedding_id(trunk, layer))


def embedding_for(fitted: "keras.Model", recipe: Recipe, run: RunFolder) -> FittedEmbedding | None:
    """Return the run's embedding for the network `fitted`, or None as `read_embedding` does.

    Raises InputError if the layer was fitted to another network.
    """
    found = read_embedding(recipe, run)
    if found and found.trunk_sha256 != trunk_sha256(build_trunk(fitted)):
        raise InputError(
            f"{run.embedding}: was fitted to another network than {run.fitted}; "
            f"run timbrel-build {STAGE} again"
        )
    return found
