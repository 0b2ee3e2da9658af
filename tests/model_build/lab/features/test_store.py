import os
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Example
from model_build.lab.experiment import Augmentation, FrontEndSettings
from model_build.lab.features.front_end import ChunkMaker
from model_build.lab.features.store import Copies, make_features

SETTINGS = FrontEndSettings(chunk_seconds=0.5)


def example(folder: Path, name: str, seconds: float, level: float = 0.1) -> Example:
    rng = np.random.default_rng(len(name))
    samples = level * rng.uniform(-1, 1, round(seconds * 16_000))
    soundfile.write(folder / name, samples, 16_000, subtype="FLOAT")
    return Example(name=name, file=str(folder / name), labels=("a",))


def test_chunks_belong_to_their_recordings(tmp_path: Path) -> None:
    examples = [example(tmp_path, "one.wav", 0.3), example(tmp_path, "three.wav", 1.4)]
    features = make_features(examples, SETTINGS, tmp_path / "features", workers=1)
    assert features.owners.tolist() == [0, 1, 1, 1]
    samples, _ = soundfile.read(tmp_path / "three.wav", dtype="float32")
    assert np.array_equal(features.values[1:], ChunkMaker(SETTINGS).chunks(samples))


def test_unusable_recordings_are_left_out(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"<html>")
    examples = [
        Example(name="broken", file=str(broken), labels=("a",)),
        example(tmp_path, "silent.wav", 0.5, level=0.0),
        example(tmp_path, "good.wav", 0.5),
        Example(name="gone", file=str(tmp_path / "gone.wav"), labels=("a",)),
    ]
    features = make_features(examples, SETTINGS, tmp_path / "features", workers=1)
    assert [one.name for one in features.examples] == ["good.wav"]
    assert [(one.name, one.reason) for one in features.left] == [
        ("broken", "broken"),
        ("silent.wav", "silent"),
        ("gone", "broken"),
    ]
    with pytest.raises(InputError, match="none of the recordings can be used"):
        make_features(examples[:1], SETTINGS, tmp_path / "features", workers=1)


def test_empty_files_are_left_out_and_other_rates_resampled(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    soundfile.write(tmp_path / "half.wav", np.full(4_000, 0.1), 8_000)
    examples = [
        Example(name=name, file=str(tmp_path / name), labels=("a",))
        for name in ("empty.wav", "half.wav")
    ]
    features = make_features(examples, SETTINGS, tmp_path / "features", workers=1)
    assert [one.name for one in features.examples] == ["half.wav"]
    assert [one.name for one in features.left] == ["empty.wav"]
    assert features.values.shape == (1, SETTINGS.chunk_frames, SETTINGS.frame_values)


def test_only_training_recordings_have_copies(tmp_path: Path) -> None:
    train = example(tmp_path, "one.wav", 0.4)
    test = msgspec.structs.replace(example(tmp_path, "other.wav", 0.4), side="test")
    folder, settings = tmp_path / "features", Augmentation(copies=2, delay_seconds=0.0)
    made = make_features([train, test], SETTINGS, folder, 1, Copies(settings, seed=1))
    assert made.owners.tolist() == [0, 0, 0, 1]
    assert made.copies.tolist() == [0, 1, 2, 0]
    plain = make_features([train, test], SETTINGS, folder, 1)
    assert np.array_equal(made.values[made.copies == 0], plain.values)
    same = make_features([train, test], SETTINGS, tmp_path / "again", 2, Copies(settings, seed=1))
    assert np.array_equal(same.values, made.values)
    other = make_features([train, test], SETTINGS, folder, 1, Copies(settings, seed=2))
    assert not np.array_equal(other.values[1], made.values[1])


def test_features_are_reused_until_a_file_or_the_front_end_changes(tmp_path: Path) -> None:
    examples = [example(tmp_path, "one.wav", 0.5)]
    folder = tmp_path / "features"
    first = make_features(examples, SETTINGS, folder, workers=1)
    same = make_features(examples, SETTINGS, folder, workers=1)
    assert same.sha256 == first.sha256
    assert len(list(folder.iterdir())) == 1
    make_features(examples, FrontEndSettings(chunk_seconds=0.4), folder, workers=1)
    assert len(list(folder.iterdir())) == 2
    example(tmp_path, "one.wav", 0.6)
    os.utime(tmp_path / "one.wav", (1, 1))
    changed = make_features(examples, SETTINGS, folder, workers=1)
    assert changed.sha256 != first.sha256
    assert len(list(folder.iterdir())) == 3


def test_processes_compute_the_same_chunks(tmp_path: Path) -> None:
    examples = [example(tmp_path, f"{'x' * n}.wav", 0.5) for n in range(1, 5)]
    alone = make_features(examples, SETTINGS, tmp_path / "alone", workers=1)
    together = make_features(examples, SETTINGS, tmp_path / "together", workers=2)
    assert np.array_equal(alone.values, together.values)
    assert alone.sha256 == together.sha256


@pytest.mark.parametrize("damage", [b'{"counts": [[2]], "problems": [""]}', b"", b"{"])
def test_damaged_files_are_computed_again(tmp_path: Path, damage: bytes) -> None:
    examples = [example(tmp_path, "one.wav", 0.7)]
    first = make_features(examples, SETTINGS, tmp_path / "features", workers=1)
    (done,) = (tmp_path / "features").glob("*/made.jsonl")
    done.write_bytes(damage)
    again = make_features(examples, SETTINGS, tmp_path / "features", workers=1)
    assert np.array_equal(first.values, again.values)
    (values,) = (tmp_path / "features").glob("*/values.float32")
    os.truncate(values, 100)
    again = make_features(examples, SETTINGS, tmp_path / "features", workers=1)
    assert again.values.shape[0] == 2
    assert [one.name for one in (tmp_path / "features").iterdir()] == [done.parent.name]
