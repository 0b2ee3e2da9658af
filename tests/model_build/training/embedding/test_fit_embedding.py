from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import Classifier, load_network
from model_build.networks.named_outputs import build_trunk
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import RunFolder, write_json
from model_build.training.assemble import load_run_classifier
from model_build.training.embedding.fit_embedding import embed, fit_embedding
from model_build.training.embedding.fitted_embedding import embedding_for, read_embedding
from model_build.training.embedding.instrument_windows import instrument_windows
from model_build.training.quantization.quantize import quantize
from model_build.training.train import load_fitted
from model_build.windows.features import Features

VALUES, BASE_VALUES = 3, 16


def save_network(run: RunFolder, seed: int) -> None:
    """Write a small network of random weights, with the layer of a student's embedding."""
    keras.utils.set_random_seed(seed)
    patch = keras.Input((96, 64))
    maps = keras.layers.Conv2D(BASE_VALUES, 5, strides=4)(keras.layers.Reshape((96, 64, 1))(patch))
    values = keras.layers.GlobalAveragePooling2D(name="embedding")(keras.layers.ReLU(6.0)(maps))
    keras.Model(patch, keras.layers.Dense(3)(values)).save(run.fitted)


@pytest.fixture
def recipe(taught_recipe_file: Path, features_run: RunFolder) -> Recipe:
    """A recipe with an embedding; the run has its features and a fitted network."""
    recipe, run = read_recipe(taught_recipe_file), features_run
    run.recipe.write_bytes(taught_recipe_file.read_bytes())
    made = msgspec.json.decode(run.features.read_bytes(), type=Features)
    write_json(run.features, msgspec.structs.replace(made, recipe_sha256=recipe.features_sha256))
    save_network(run, seed=1)
    return recipe


@pytest.fixture
def run(features_run: RunFolder) -> RunFolder:
    return features_run


def test_int8_network_gives_the_embedding_that_was_fitted(recipe: Recipe, run: RunFolder) -> None:
    fitted = fit_embedding(recipe, run, workers=1)
    assert fitted is not None
    assert fitted.layer.kernel.shape == (BASE_VALUES, VALUES)
    quantize(recipe, run)
    classifier = load_run_classifier(recipe, run)
    contract = classifier.contract
    assert (contract.embedding_id, contract.embedding_values) == (fitted.embedding_id, VALUES)
    trunk = build_trunk(load_fitted(run))
    windows = np.concatenate(list(instrument_windows(run, "held", workers=1)))
    expected = embed(trunk, windows) @ fitted.layer.kernel + fitted.layer.bias
    found = np.array([_window_embeddings(classifier, one) for one in windows])
    assert np.abs(found - expected).mean() < 0.05 * np.abs(expected).max()


def _window_embeddings(
    classifier: Classifier, versions: NDArray[np.float16]
) -> list[NDArray[np.float32]]:
    """Return the embedding of each version, the mean over its patches."""
    means = []
    for patches in versions.astype(np.float32):
        some = []
        for patch in patches:
            classifier.logits(patch)
            embedding = classifier.embedding()
            assert embedding is not None
            some.append(embedding)
        means.append(np.mean(some, axis=0))
    return means


def test_embeddings_of_an_instrument_are_alike(recipe: Recipe, run: RunFolder) -> None:
    fitted = fit_embedding(recipe, run, workers=1)
    assert fitted is not None
    trunk = build_trunk(load_fitted(run))
    means = []
    for windows in instrument_windows(run, "train", workers=1):
        mean = (embed(trunk, windows) @ fitted.layer.kernel + fitted.layer.bias).mean(axis=(0, 1))
        means.append(mean / np.linalg.norm(mean))
    flutes, organs = np.split(np.array(means), 2)  # the instruments are sorted by group
    assert (flutes @ flutes.T).min() > 0.5 > (flutes @ organs.T).max()


def test_id_changes_with_the_network_but_not_with_a_repetition(
    recipe: Recipe, run: RunFolder
) -> None:
    first = fit_embedding(recipe, run, workers=1)
    again = fit_embedding(recipe, run, workers=1)
    assert first is not None
    assert again is not None
    assert again.embedding_id == first.embedding_id
    save_network(run, seed=2)
    with pytest.raises(
        InputError, match=r"fitted to another network .* run timbrel-build embedding"
    ):
        embedding_for(load_fitted(run), recipe, run)
    other = fit_embedding(recipe, run, workers=1, resume=True)
    assert other is not None
    assert other.embedding_id != first.embedding_id


def test_resume_keeps_an_embedding_of_the_same_network(recipe: Recipe, run: RunFolder) -> None:
    first = fit_embedding(recipe, run, workers=1)
    written = run.embedding.stat().st_mtime_ns
    again = fit_embedding(recipe, run, workers=1, resume=True)
    assert first is not None
    assert again is not None
    assert again.embedding_id == first.embedding_id
    assert run.embedding.stat().st_mtime_ns == written


def test_resume_fits_again_for_another_length(recipe: Recipe, run: RunFolder) -> None:
    first = fit_embedding(recipe, run, workers=1)
    assert first is not None
    assert recipe.teaching is not None
    shorter = msgspec.structs.replace(
        recipe, teaching=msgspec.structs.replace(recipe.teaching, embedding_values=2)
    )
    again = fit_embedding(shorter, run, workers=1, resume=True)
    assert again is not None
    assert len(again.layer.bias) == 2
    assert again.embedding_id != first.embedding_id
    assert read_embedding(shorter, run) is not None


def test_recipe_without_embedding_ships_families_alone(recipe: Recipe, run: RunFolder) -> None:
    assert recipe.teaching is not None
    without = msgspec.structs.replace(
        recipe, teaching=msgspec.structs.replace(recipe.teaching, embedding_values=0)
    )
    assert fit_embedding(without, run, workers=1) is None
    assert not run.embedding.exists()
    quantize(without, run)
    assert load_run_classifier(without, run).contract.outputs == {"families": "families"}
    signatures = load_network(run.network).get_signature_list()
    assert [names["outputs"] for names in signatures.values()] == [["families"]]


def test_missing_embedding_or_another_length_raises_with_remedy(
    recipe: Recipe, run: RunFolder
) -> None:
    with pytest.raises(InputError, match="run timbrel-build embedding first"):
        quantize(recipe, run)
    fit_embedding(recipe, run, workers=1)
    assert recipe.teaching is not None
    longer = msgspec.structs.replace(
        recipe, teaching=msgspec.structs.replace(recipe.teaching, embedding_values=2)
    )
    with pytest.raises(InputError, match="has 3 values, but the recipe wants 2; run timbrel-build"):
        read_embedding(longer, run)


def test_too_few_instruments_raise_with_remedy(recipe: Recipe, run: RunFolder) -> None:
    assert recipe.teaching is not None
    longer = msgspec.structs.replace(
        recipe, teaching=msgspec.structs.replace(recipe.teaching, embedding_values=64)
    )
    with pytest.raises(InputError, match=r"embedding_values is 64, but \d instruments .* lower it"):
        fit_embedding(longer, run, workers=1)
    assert not run.embedding.exists()
