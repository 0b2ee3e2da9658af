"""Convert a run's fitted network to a full-int8 `.tflite`, and measure what that changes."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from model_build.networks.named_outputs import with_named_outputs
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder, write_json
from model_build.training.assemble import contract_of
from model_build.training.embedding.fitted_embedding import embedding_for
from model_build.training.genre.fitted_genre import genre_for
from model_build.training.quantization.acceptance import (
    keras_logits,
    saved_model_logits,
    score_differences,
    tflite_logits,
)
from model_build.training.quantization.acceptance_sounds import acceptance_sounds
from model_build.training.quantization.conversion import convert_to_tflite, export_saved_model
from model_build.training.train import load_fitted


def quantize(recipe: Recipe, run: RunFolder) -> dict[str, float]:
    """Write the run's int8 network, and the greatest differences of score that this makes.

    Returns these differences by sound and conversion. The ranges of the int8 values come from
    held-out windows, which vary in family, room and level. Raises InputError if the fitted network
    or a layer of another output is missing.
    """
    fitted = load_fitted(run)
    embedding = embedding_for(fitted, recipe, run)
    contract = contract_of(recipe, embedding)
    layers = embedding and embedding.layer, genre_for(fitted, recipe, run)
    shipped = with_named_outputs(fitted, *layers)
    with TemporaryDirectory() as folder:
        saved = export_saved_model(shipped, Path(folder, "saved"))
        run.network.write_bytes(convert_to_tflite(saved, _representative(recipe, run)))
        networks = {
            "keras": keras_logits(shipped),
            "savedmodel": saved_model_logits(saved),
            "float": tflite_logits(convert_to_tflite(saved), contract),
            "int8": tflite_logits(run.network.read_bytes(), contract),
        }
        differences = score_differences(networks, acceptance_sounds(recipe, run))
    write_json(run.acceptance, differences)
    return differences


def _representative(recipe: Recipe, run: RunFolder) -> NDArray[np.float32]:
    """Return the patches (n, frames, bands) of the first held-out windows."""
    patches = run.windows("held").patches
    chosen = patches[: recipe.representative_windows].astype(np.float32)
    return chosen.reshape(-1, *chosen.shape[2:])
