import logging
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd
from model_build.recipe import read_recipe
from model_build.run_folder import RunFolder
from model_build.windows import used_clips
from model_build.windows.features import Features, made_features, make_features


def test_number_of_workers_does_not_change_features(
    corpus: Path, recipe_file: Path, features_run: RunFolder, tmp_path: Path
) -> None:
    alone, together = features_run, RunFolder(tmp_path / "together")
    make_features(recipe_file, corpus, together, workers=2)
    for side in ("train", "held"):
        assert alone.patches(side).read_bytes() == together.patches(side).read_bytes()
        assert alone.labels(side).read_bytes() == together.labels(side).read_bytes()


def test_windows_follow_the_recipe(corpus: Path, recipe_file: Path, tmp_path: Path) -> None:
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


def test_training_windows_have_scattered_patches(
    corpus: Path, recipe_file: Path, features_run: RunFolder, tmp_path: Path
) -> None:
    scattered = recipe_file.read_text().replace(
        "starts: [2, 202]", "starts: [2, 202], scattered: 3"
    )
    recipe_file.write_text(scattered)
    run = RunFolder(tmp_path / "scattered")
    make_features(recipe_file, corpus, run, workers=1)
    assert run.windows("train").patches.shape == (96, 3, 96, 64)
    assert run.patches("held").read_bytes() == features_run.patches("held").read_bytes()


def test_no_group_is_on_both_sides(features_run: RunFolder) -> None:
    kept = msgspec.json.decode(features_run.clips.read_bytes())
    groups = {
        side: {k["clip"]["group"] for k in kept if k["side"] == side} for side in ("train", "held")
    }
    assert groups["held"]
    assert groups["train"].isdisjoint(groups["held"])
    assert {k["clip"]["split"] for k in kept} == {"train"}


def test_skips_and_logs_unreadable_and_silent_clips(
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


def test_error_names_family_without_readable_clips(
    corpus: Path, recipe_file: Path, tmp_path: Path
) -> None:
    for clip in corpus.glob("*-organ-*.wav"):
        soundfile.write(clip, np.zeros(1_000), 16_000)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(InputError, match="no clip of family 'organ' on the train side has any"):
        make_features(recipe_file, corpus, run, workers=1)
    assert not run.clips.exists()


def test_error_names_family_without_a_group_for_each_side(
    corpus: Path, recipe_file: Path, tmp_path: Path
) -> None:
    recipe_file.write_text(recipe_file.read_text().replace("[drums, flute", "[harp, drums, flute"))
    with pytest.raises(InputError, match="family 'harp' has 0 group"):
        make_features(recipe_file, corpus, RunFolder(tmp_path / "run"), workers=1)
    recipe_file.write_text(recipe_file.read_text().replace("[harp, drums", "[drums"))
    manifest = corpus / "manifest.csv"
    manifest.write_text(re.sub(r",organ-\d,organ-\d,", ",duo,duo,", manifest.read_text()))
    with pytest.raises(InputError, match=r"family 'organ' has 1 group\(s\).* too few"):
        make_features(recipe_file, corpus, RunFolder(tmp_path / "run"), workers=1)
    assert not (tmp_path / "run").exists()


def test_unlabelled_windows_need_unlabelled_clips(
    corpus: Path, recipe_file: Path, tmp_path: Path
) -> None:
    wanted = "strung_share: 0.3, unlabelled_share: 0.1"
    recipe_file.write_text(recipe_file.read_text().replace("strung_share: 0.3", wanted))
    with pytest.raises(InputError, match=r"no unlabelled clips; set windows\.unlabelled_share"):
        make_features(recipe_file, corpus, RunFolder(tmp_path / "run"), workers=1)


def test_resume_keeps_finished_features_of_the_same_recipe_and_corpus(
    corpus: Path, recipe_file: Path, features_run: RunFolder
) -> None:
    run = features_run
    first = made_features(read_recipe(recipe_file), run)
    written = run.clips.stat().st_mtime_ns
    run.backup.mkdir()
    assert make_features(recipe_file, corpus, run, workers=1, resume=True) == first
    assert run.clips.stat().st_mtime_ns == written
    assert run.backup.exists()

    (corpus / "manifest.csv").write_text((corpus / "manifest.csv").read_text() + "one,more,row\n")
    again = make_features(recipe_file, corpus, run, workers=1, resume=True)
    assert again.corpus_sha256 != first.corpus_sha256
    assert run.clips.stat().st_mtime_ns != written
    assert not run.backup.exists()


def test_unfinished_features_are_refused(
    corpus: Path, recipe_file: Path, features_run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = features_run

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(used_clips, "decode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_features(recipe_file, corpus, run, workers=1)
    with pytest.raises(InputError, match="run timbrel-build features first"):
        made_features(read_recipe(recipe_file), run)


def test_features_of_another_recipe_are_refused(recipe_file: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    recipe = read_recipe(recipe_file)
    with pytest.raises(InputError, match="run timbrel-build features first"):
        made_features(recipe, run)
    run.features.parent.mkdir(parents=True)
    run.features.write_bytes(msgspec.json.encode(Features("other", "", {}, {})))
    with pytest.raises(InputError, match="made with other settings"):
        made_features(recipe, run)
