"""Every layout of a public data set, read from a sample of it."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from model_build.corpus.formats.folders import read_folders
from model_build.corpus.formats.fsdkaggle2018 import read_fsdkaggle2018
from model_build.corpus.formats.irmas import read_irmas
from model_build.corpus.formats.medley_solos_db import read_medley_solos_db
from model_build.corpus.formats.musicnet import instrument_classes, read_musicnet
from model_build.corpus.formats.nsynth import read_nsynth
from model_build.corpus.formats.openmic import read_openmic
from model_build.corpus.formats.timbrel_corpus import read_timbrel_corpus
from model_build.lab.data.sound import read_example
from tests.model_build.conftest import COLUMNS, write_manifest
from tests.model_build.corpus.formats.samples import needs_samples, sample


@needs_samples
def test_folders_are_classes() -> None:
    found = read_folders(sample("drum_one_shots"))
    assert found.classes == ("808", "Closed Hat", "Kick", "Open Hat", "Snare")
    assert Counter(one.labels[0] for one in found.examples) == dict.fromkeys(found.classes, 10)


@needs_samples
def test_nsynth_notes_have_family_and_instrument() -> None:
    found = read_nsynth(sample("nsynth"))
    labels = {one.name: (one.labels, one.group) for one in found.examples}
    assert len(labels) == 6
    assert labels["reed_acoustic_037-068-127"] == (("reed",), "reed_acoustic_037")


@needs_samples
def test_nsynth_parts_are_folds_and_a_test_side(tmp_path: Path) -> None:
    for part in ("train", "valid", "test"):
        shutil.copytree(sample("nsynth"), tmp_path / f"nsynth-{part}")
    found = read_nsynth(tmp_path)
    assert Counter((one.side, one.fold) for one in found.examples) == {
        ("train", "train"): 6,
        ("train", "valid"): 6,
        ("test", ""): 6,
    }


@needs_samples
def test_musicnet_segments_have_the_classes_that_sound() -> None:
    found = read_musicnet(sample("musicnet"), segment_seconds=1.0)
    by_group = {one.group: one for one in found.examples if one.start_seconds == 1.0}
    assert by_group["2303"].labels == ("keyboard",)
    assert by_group["2382"].labels == ("string",)
    assert by_group["2191"].side == "test"
    assert len(read_example(by_group["2191"], 16_000)) == 16_000


def test_musicnet_table_maps_programs_to_twelve_classes() -> None:
    classes = instrument_classes()
    assert len(set(classes.values())) == 12
    assert classes[1] == "keyboard"
    assert classes[41] == classes[43] == "string"
    assert classes[61] == "brass"


@needs_samples
def test_fsdkaggle2018_as_on_kaggle() -> None:
    found = read_fsdkaggle2018(sample("fsdkaggle2018"), verified_only=True)
    assert len(found.classes) == 6
    assert len(found.examples) == 30
    assert not found.left


@needs_samples
def test_fsdkaggle2018_as_downloaded(tmp_path: Path) -> None:
    source, meta = sample("fsdkaggle2018"), tmp_path / "FSDKaggle2018.meta"
    meta.mkdir()
    shutil.copytree(source / "audio_train", tmp_path / "FSDKaggle2018.audio_train")
    table = (source / "train_post_competition.csv").read_text()
    (meta / "train_post_competition.csv").write_text(table.replace("Cello,1", "Cello,0"))
    test = tmp_path / "FSDKaggle2018.audio_test"
    test.mkdir()
    for name in ("one.wav", "pad.wav"):
        shutil.copy(next((source / "audio_train").iterdir()), test / name)
    (meta / "test_post_competition_scoring_clips.csv").write_text(
        "fname,label,usage,freesound_id,license\n"
        "one.wav,Cello,Public,1,CC0\npad.wav,None,Ignored,,\n"
    )
    found = read_fsdkaggle2018(tmp_path)
    assert Counter(one.side for one in found.examples) == {"train": 30, "test": 1}
    assert [one.reason for one in found.left] == ["ignored"]
    verified = read_fsdkaggle2018(tmp_path, verified_only=True)
    assert sum(one.side == "train" for one in verified.examples) == 25


@needs_samples
def test_irmas_has_one_label_in_training_and_lists_in_testing() -> None:
    train, test = read_irmas(sample("irmas")).examples
    assert (train.labels, train.group) == (("cla",), "0189")
    assert (test.labels, test.side) == (("gel", "voi"), "test")
    assert test.group == "02 - And The Body Will Die"


@needs_samples
def test_medley_solos_db_has_songs_and_subsets() -> None:
    found = read_medley_solos_db(sample("medley_solos_db"))
    flute = next(one for one in found.examples if one.labels == ("flute",))
    assert (flute.group, flute.fold) == ("210", "validation")
    assert found.classes == ("clarinet", "flute", "piano", "violin")


@needs_samples
def test_openmic_instruments_that_nobody_was_asked_about_are_unknown() -> None:
    found = read_openmic(sample("openmic2018"))
    (only,) = found.examples
    assert only.labels == ()
    assert len(only.unknown) == 17
    assert not {"clarinet", "flute", "trumpet"} & set(only.unknown)
    assert (only.side, only.group) == ("train", "000046")


def test_corpus_has_groups_and_dev_is_for_testing(corpus: Path) -> None:
    found = read_timbrel_corpus(corpus, ["note"])
    assert found.classes == ("flute", "organ")
    assert all(one.group for one in found.examples)
    assert {one.side for one in found.examples} <= {"train", "test"}


def test_corpus_says_which_other_families_it_accepts(tmp_path: Path) -> None:
    rows = []
    for name, label, accepts in (("harp", "string", "string;guitar"), ("kick", "kick", "")):
        (tmp_path / f"{name}.wav").touch()
        row = dict.fromkeys(COLUMNS, "") | {"kind": "phrase", "split": "dev", "group": name}
        rows.append(row | {"path": f"{name}.wav", "label": label, "accepts": accepts})
    write_manifest(tmp_path, rows)
    harp, kick = read_timbrel_corpus(tmp_path, ["phrase"]).examples
    assert (harp.labels, harp.accepted) == (("string",), ("guitar", "string"))
    assert kick.accepted == ()


def test_an_excerpt_ends_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "train_data").mkdir()
    (tmp_path / "train_labels").mkdir()
    soundfile.write(tmp_path / "train_data/1.wav", np.full(44_100 * 5, 0.1), 44_100)
    notes = "start_time,end_time,instrument\n0,44100,1\n88200,180000,41\n88200,90000,61\n"
    (tmp_path / "train_labels/1.csv").write_text(notes)
    first, second = read_musicnet(tmp_path, segment_seconds=2.0).examples
    assert first.labels == ("keyboard",)
    assert second.labels == ("string",), "a note of 0.04 s is too short"


@pytest.mark.parametrize("read", [read_nsynth, read_irmas, read_fsdkaggle2018])
def test_a_folder_of_something_else_is_refused(tmp_path: Path, read: object) -> None:
    assert callable(read)
    with pytest.raises(InputError, match=str(tmp_path)):
        read(tmp_path)
