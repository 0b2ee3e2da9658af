from pathlib import Path

import msgspec
import numpy as np
import pytest

from daemon.errors import InputError
from model_build.networks.genres import CLASSES_OF_GENRE, GENRES
from model_build.networks.named_outputs import build_trunk
from model_build.networks.yamnet import CLASSES
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import RunFolder, reserve, write_json
from model_build.training.assemble import load_run_classifier
from model_build.training.genre.fit_genre import fit_genre, genre_targets
from model_build.training.genre.fitted_genre import genre_for
from model_build.training.quantization.quantize import quantize
from model_build.training.train import load_fitted
from model_build.windows.features import Features
from tests.model_build.training.embedding.test_fit_embedding import save_network


@pytest.fixture
def run(features_run: RunFolder) -> RunFolder:
    return features_run


@pytest.fixture
def recipe(taught_recipe_file: Path, run: RunFolder) -> Recipe:
    """A recipe with a genre; the run has a network, and the base calls every loud patch jazz."""
    text = taught_recipe_file.read_text().replace("embedding_values: 3", "genre: true")
    taught_recipe_file.write_text(text)
    recipe = read_recipe(taught_recipe_file)
    run.recipe.write_text(text)
    made = msgspec.json.decode(run.features.read_bytes(), type=Features)
    write_json(run.features, msgspec.structs.replace(made, recipe_sha256=recipe.features_sha256))
    save_network(run, seed=1)
    patches = np.asarray(run.windows("train").patches, np.float32)
    loud = patches.mean(axis=(2, 3)) > np.median(patches.mean(axis=(2, 3)))
    shape = patches.shape[:2]
    classes = reserve(run.teacher_output("train", "classes"), np.float16, (*shape, CLASSES))
    classes[:] = -9.0
    classes[loud, CLASSES_OF_GENRE["jazz"][0]] = 6.0
    reserve(run.teacher_output("train", "embeddings"), np.float16, (*shape, 1))
    return recipe


def test_genre_is_the_sum_of_its_classes_at_most_one() -> None:
    logits = np.full((2, CLASSES), -20.0, np.float16)
    logits[0, 232] = np.log(0.25 / 0.75)
    logits[0, 233] = np.log(0.5 / 0.5)
    logits[1, [214, 216, 217]] = 3.0
    targets = genre_targets(logits)
    assert targets.shape == (2, len(GENRES))
    assert targets[0, GENRES.index("classical")] == pytest.approx(0.75, abs=1e-3)
    assert targets[1, GENRES.index("rock")] == 1.0
    assert targets[0, GENRES.index("rock")] < 1e-6


def test_int8_network_names_the_genre_that_the_base_names(recipe: Recipe, run: RunFolder) -> None:
    fitted = fit_genre(recipe, run)
    assert fitted is not None
    quantize(recipe, run)
    classifier = load_run_classifier(recipe, run)
    assert classifier.contract.genres == GENRES
    patches = np.asarray(run.windows("train").patches, np.float32).reshape(-1, 96, 64)
    levels = patches.mean(axis=(1, 2))
    jazz = []
    for patch in patches[np.argsort(levels)[[0, 1, -2, -1]]]:
        classifier.logits(patch)
        genre = classifier.genre()
        assert genre is not None
        jazz.append(genre[GENRES.index("jazz")])
    assert max(jazz[:2]) < min(jazz[2:])


def test_layer_of_another_network_is_refused_and_fitted_again(
    recipe: Recipe, run: RunFolder
) -> None:
    fit_genre(recipe, run)
    written = run.genre.stat()
    fit_genre(recipe, run, resume=True)
    assert run.genre.stat() == written
    save_network(run, seed=2)
    with pytest.raises(InputError, match=r"fitted to another network .* run timbrel-build genre"):
        genre_for(load_fitted(run), recipe, run)
    fit_genre(recipe, run, resume=True)
    layer = genre_for(load_fitted(run), recipe, run)
    assert layer is not None
    width = build_trunk(load_fitted(run)).output_shape[-1]
    assert layer.kernel.shape == (width, len(GENRES))


def test_missing_layer_raises_with_remedy(recipe: Recipe, run: RunFolder) -> None:
    with pytest.raises(InputError, match="run timbrel-build genre first"):
        quantize(recipe, run)
