from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from model_build.corpus.formats.labelled import Example
from model_build.lab.data.inspection import inspect_example
from model_build.lab.data.near_duplicates import SIMILAR, _spectrum, correlation, near_duplicates
from model_build.lab.data.usable import (
    INSPECTIONS,
    found_near_duplicates,
    near_duplicates_among,
    usable_recordings,
)
from model_build.lab.experiment import Data

RATE_HZ = 22_050


def melody(seed: int, seconds: float = 1.5) -> NDArray[np.float64]:
    """Return decaying tones at random times, with noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = 0.005 * rng.normal(size=len(time))
    for start in rng.uniform(0, seconds - 0.4, 4):
        after = np.maximum(time - start, 0)
        tone = np.sin(2 * np.pi * rng.uniform(200, 900) * after) * np.exp(-6 * after)
        sound += 0.2 * np.where(time >= start, tone, 0)
    return sound


def write(path: Path, sound: NDArray[np.float64], rate_hz: int = RATE_HZ, **options: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate_hz, **options)
    return path


def sounds(*paths: Path) -> list[NDArray[np.float16]]:
    return [inspect_example(Example(path.name, str(path), ())).sound for path in paths]


def test_finds_another_header_gain_start_and_codec(tmp_path: Path) -> None:
    sound = melody(1)
    paths = [
        write(tmp_path / "original.wav", sound),
        write(tmp_path / "other-header.flac", sound),
        write(tmp_path / "quieter.wav", -0.05 * sound),
        write(tmp_path / "later.wav", np.pad(sound, (9_000, 2_000))),
        write(tmp_path / "coded.mp3", sound),
        write(tmp_path / "coded-later.ogg", np.pad(sound, (500, 0)) * 0.3),
        *(write(tmp_path / f"{seed}.wav", melody(seed)) for seed in (2, 3, 4)),
    ]
    found = near_duplicates(sounds(*paths))
    assert found.groups == [[0, 1, 2, 3, 4, 5]]
    assert all(pair.similarity >= SIMILAR for pair in found.pairs)
    assert len(found.pairs) == 5


def test_silent_and_broken_recordings_are_no_duplicates(tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_text("<html>")
    silent = [write(tmp_path / f"{n}.wav", np.zeros(4_000)) for n in range(2)]
    found = near_duplicates(sounds(tmp_path / "broken.wav", tmp_path / "broken.wav", *silent))
    assert found.groups == []


def test_spectra_bound_the_correlation_of_any_two_sounds(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.wav", melody(n)) for n in range(5)]
    compared = sounds(*paths)
    for one in compared:
        for other in compared:
            bound = float(_spectrum(one) @ _spectrum(other))
            assert correlation(one, other) <= bound + 1e-4


def write_classes(folder: Path) -> Data:
    """Write three training recordings of each class, and a test with a copy of one of them."""
    for label in ("a", "b"):
        for n in range(3):
            write(folder / "train" / label / f"{n}.wav", melody(10 * ord(label) + n))
    write(folder / "train/b/again.flac", 0.5 * melody(10 * ord("b")))
    write(folder / "test/a/copy.ogg", melody(10 * ord("a") + 1))
    write(folder / "test/b/new.wav", melody(7))
    return Data(
        layout="folders",
        path=str(folder / "train"),
        test_path=str(folder / "test"),
        test_near_duplicates="leave-out",
        group_near_duplicates=True,
        group_pattern=r"/(0)\.",
    )


def test_test_recordings_that_were_trained_on_are_left_out(tmp_path: Path) -> None:
    found = usable_recordings(write_classes(tmp_path), tmp_path / "runs", workers=1)
    assert [one.name for one in found.examples if one.side == "test"] == ["b/new.wav"]
    assert [(one.name, one.reason, one.detail) for one in found.left] == [
        ("a/copy.ogg", "near-duplicate", "a/1.wav")
    ]


def test_recordings_are_inspected_only_once(tmp_path: Path) -> None:
    data, runs = write_classes(tmp_path), tmp_path / "runs"
    used = usable_recordings(data, runs, workers=1).examples[::2]
    near = near_duplicates_among(used, data, runs, workers=1)
    assert len(list((runs / INSPECTIONS).iterdir())) == 1
    same = found_near_duplicates(used, tmp_path / "others", workers=1)
    assert near.clusters.tolist() == same.clusters.tolist()
    assert near.pairs == same.pairs


def test_near_duplicates_join_the_group_of_the_data(tmp_path: Path) -> None:
    found = usable_recordings(write_classes(tmp_path), tmp_path / "runs", workers=1)
    groups = {one.name: one.group for one in found.examples}
    assert groups["b/again.flac"] == groups["b/0.wav"] == groups["a/0.wav"] == "0"
    assert groups["a/1.wav"] == groups["b/2.wav"] == ""
