from pathlib import Path

import msgspec
import numpy as np
import pytest

from daemon.errors import InputError
from model_build.networks.genres import CLASSES_OF_GENRE, GENRES
from model_build.networks.yamnet_network import build_yamnet
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import RunFolder, write_json
from model_build.training.assemble import load_run_classifier
from model_build.training.genre import take_genre
from model_build.training.quantization.quantize import quantize
from model_build.windows.features import Features


@pytest.fixture
def run(features_run: RunFolder) -> RunFolder:
    return features_run


@pytest.fixture
def recipe(taught_recipe_file: Path, run: RunFolder, base: Path) -> Recipe:
    """A recipe with a genre; the run's network is the base, and its first classes are families."""
    import keras

    text = taught_recipe_file.read_text().replace("embedding_values: 3", "genre: true")
    taught_recipe_file.write_text(text)
    recipe = read_recipe(taught_recipe_file)
    run.recipe.write_text(text)
    made = msgspec.json.decode(run.features.read_bytes(), type=Features)
    write_json(run.features, msgspec.structs.replace(made, recipe_sha256=recipe.features_sha256))
    yamnet = build_yamnet(base)
    families = yamnet.output["logits"][:, : len(recipe.families)]
    keras.Model(yamnet.input, families).save(run.fitted)
    return recipe


def test_genre_is_the_highest_of_the_bases_classes(
    recipe: Recipe, run: RunFolder, base: Path
) -> None:
    take_genre(recipe, run, base)
    quantize(recipe, run)
    classifier = load_run_classifier(recipe, run)
    assert classifier.contract.genres == GENRES
    patches = np.asarray(run.windows("held").patches[:4, 0], np.float32)
    logits = np.asarray(build_yamnet(base)(patches)["logits"])
    expected = np.stack([logits[:, c].max(axis=1) for c in CLASSES_OF_GENRE.values()], axis=1)
    found = []
    for patch in patches:
        classifier.logits(patch)
        genre = classifier.genre()
        assert genre is not None
        found.append(genre)
    assert np.abs(np.stack(found) - expected).mean() < 0.5  # apart from rounding to int8


def test_missing_layer_raises_with_remedy(recipe: Recipe, run: RunFolder) -> None:
    with pytest.raises(InputError, match="run timbrel-build genre first"):
        quantize(recipe, run)


def test_recipe_without_genre_takes_none(recipe: Recipe, run: RunFolder, base: Path) -> None:
    assert recipe.teaching is not None
    without = msgspec.structs.replace(
        recipe, teaching=msgspec.structs.replace(recipe.teaching, genre=False)
    )
    assert take_genre(without, run, base) is None
    assert not run.genre.exists()
