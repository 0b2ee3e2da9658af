from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.recipe import read_recipe
from model_build.run_folder import RunFolder
from model_build.training import quantize
from model_build.training.quantize import acceptance, converted, exported
from model_build.windows.features import make_features

SOUNDS = {"silence": np.zeros((2, 4, 3), np.float32), "hum": np.ones((2, 4, 3), np.float32)}


def test_differences_are_named_by_sound_and_conversion() -> None:
    zero, one = np.zeros((2, 3), np.float32), np.full((2, 3), 9.0, np.float32)

    def unmoved(_: NDArray[np.float32]) -> NDArray[np.float32]:
        return zero

    def moved(patches: NDArray[np.float32]) -> NDArray[np.float32]:
        return one if patches.any() else zero

    networks = {"keras": unmoved, "savedmodel": unmoved, "int8": moved}
    assert acceptance(networks, SOUNDS) == {
        "silence, keras to savedmodel": 0.0,
        "hum, keras to savedmodel": 0.0,
        "all sounds, keras to savedmodel": 0.0,
        "silence, savedmodel to int8": 0.0,
        "hum, savedmodel to int8": pytest.approx(0.49988, abs=1e-4),
        "all sounds, savedmodel to int8": pytest.approx(0.49988, abs=1e-4),
    }


def test_each_conversion_says_the_same_and_int8_is_smaller(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    patch = keras.Input((96, 64))
    x = keras.layers.Conv2D(32, 3, strides=4)(keras.layers.Reshape((96, 64, 1))(patch))
    x = keras.layers.Conv2D(64, 3, strides=2)(x)
    fitted = keras.Model(patch, keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(x)))
    patches = np.random.default_rng(1).standard_normal((8, 96, 64)).astype(np.float32)
    saved = exported(fitted, tmp_path / "saved")
    assert (saved / "saved_model.pb").is_file()
    by_savedmodel = quantize._by_savedmodel(saved)(patches)
    assert by_savedmodel.shape == (8, 2)
    np.testing.assert_allclose(by_savedmodel, fitted(patches), atol=1e-4)
    assert len(converted(saved, patches)) < 0.5 * len(converted(saved))


def test_sounds_to_accept_by_hold_speech_and_each_family_s_known_windows(
    features_run: RunFolder,
) -> None:
    run = features_run
    recipe = read_recipe(run.recipe)
    labels = np.load(run.labels("held"), mmap_mode="r+")
    flutes = np.flatnonzero((labels[:, 1] == 1) & (labels.sum(axis=1) == 1))
    labels[flutes[0], 2] = 255  # nobody knows if an organ plays too
    sounds = quantize._sounds(recipe, run)
    assert list(sounds) == ["silence", "white noise", "speech", "drums", "flute", "organ"]
    assert all(patches.shape == (2, 96, 64) for patches in sounds.values())
    np.testing.assert_array_equal(sounds["flute"], run.windows("held").patches[flutes[1]])


def test_without_speech_held_back_there_is_no_row_of_it(
    corpus: Path, recipe_file: Path, tmp_path: Path
) -> None:
    recipe, run = read_recipe(recipe_file), RunFolder(tmp_path / "run")
    manifest = corpus / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",speech,", ",other,"))
    make_features(recipe_file, corpus, run, workers=1)
    assert "speech" not in quantize._sounds(recipe, run)
