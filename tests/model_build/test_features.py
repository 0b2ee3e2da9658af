import logging
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from daemon.log_mel import FrontEnd
from model_build.features import Features, made_features, make_features
from model_build.recipe import read_recipe
from model_build.run_folder import RunFolder


def test_same_recipe_same_bits_whatever_the_workers(
    corpus: Path, recipe_file: Path, tmp_path: Path
) -> None:
    alone, together = RunFolder(tmp_path / "alone"), RunFolder(tmp_path / "together")
    make_features(recipe_file, corpus, alone, workers=1)
    make_features(recipe_file, corpus, together, workers=2)
    for side in ("train", "held"):
        assert alone.patches(side).read_bytes() == together.patches(side).read_bytes()
        assert alone.labels(side).read_bytes() == together.labels(side).read_bytes()


def test_windows_are_as_the_recipe_says(corpus: Path, recipe_file: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    made = make_features(recipe_file, corpus, run, workers=1)
    patches, labels = run.windows("train")
    assert patches.shape == (96, 2, 96, 64)
    assert labels.shape == (96, 3)
    assert patches.min() >= np.log(FrontEnd().log_offset) - 0.01
    assert labels.any(axis=0).all()
    negative = np.mean(labels.sum(axis=1) == 0)
    assert 0.1 < negative < 0.4
    assert made.clips["train phrase"] + made.clips["held phrase"] == 18
    assert run.recipe.read_bytes() == recipe_file.read_bytes()


def test_no_group_is_on_both_sides(corpus: Path, recipe_file: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    make_features(recipe_file, corpus, run, workers=1)
    kept = msgspec.json.decode(run.clips.read_bytes())
    groups = {
        side: {k["clip"]["group"] for k in kept if k["side"] == side} for side in ("train", "held")
    }
    assert groups["held"]
    assert groups["train"].isdisjoint(groups["held"])
    assert {k["clip"]["split"] for k in kept} == {"train"}


def test_unreadable_and_silent_clips_are_named_and_skipped(
    corpus: Path, recipe_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (corpus / "phrase-flute-0.wav").write_text("no sound")
    soundfile.write(corpus / "phrase-organ-6.wav", np.zeros(1_000), 16_000)
    with caplog.at_level(logging.WARNING):
        made = make_features(recipe_file, corpus, RunFolder(tmp_path / "run"), workers=1)
    assert set(made.skipped) == {"phrase-flute-0.wav", "phrase-organ-6.wav"}
    assert made.skipped["phrase-organ-6.wav"] == "silent"
    assert "cannot be read as audio" in made.skipped["phrase-flute-0.wav"]
    assert sum("skipped" in message for message in caplog.messages) == 2


def test_features_of_another_recipe_are_refused(recipe_file: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    recipe = read_recipe(recipe_file)
    with pytest.raises(InputError, match="run timbrel-build features first"):
        made_features(recipe, run)
    run.features.parent.mkdir(parents=True)
    run.features.write_bytes(msgspec.json.encode(Features("other", "", {}, {})))
    with pytest.raises(InputError, match="made with other settings"):
        made_features(recipe, run)
