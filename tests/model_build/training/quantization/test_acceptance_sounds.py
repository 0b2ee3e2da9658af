from pathlib import Path

import numpy as np

from model_build.recipe import read_recipe
from model_build.run_folder import RunFolder
from model_build.training.quantization.acceptance_sounds import acceptance_sounds
from model_build.windows.features import make_features


def test_sounds_are_speech_and_a_known_window_of_each_family(features_run: RunFolder) -> None:
    run = features_run
    recipe = read_recipe(run.recipe)
    labels = np.load(run.labels("held"), mmap_mode="r+")
    flutes = np.flatnonzero((labels[:, 1] == 1) & (labels.sum(axis=1) == 1))
    labels[flutes[0], 2] = 255  # it is unknown whether an organ plays too
    sounds = acceptance_sounds(recipe, run)
    assert list(sounds) == ["silence", "white noise", "speech", "drums", "flute", "organ"]
    assert all(patches.shape == (2, 96, 64) for patches in sounds.values())
    np.testing.assert_array_equal(sounds["flute"], run.windows("held").patches[flutes[1]])


def test_omits_speech_if_none_is_held_out(corpus: Path, recipe_file: Path, tmp_path: Path) -> None:
    recipe, run = read_recipe(recipe_file), RunFolder(tmp_path / "run")
    manifest = corpus / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",speech,", ",other,"))
    make_features(recipe_file, corpus, run, workers=1)
    assert "speech" not in acceptance_sounds(recipe, run)
