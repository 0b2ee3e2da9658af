"""Features whose computation was interrupted continue where they were."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_build.corpus.formats.labelled import Example
from model_build.lab.data.sound import Samples, read_example
from model_build.lab.features import store
from model_build.lab.features.store import Features, make_features
from model_build.lab.features.unfinished import unfinished
from tests.model_build.lab.features import killed_features
from tests.model_build.lab.features.killed_features import SETTINGS, examples_in

COUNT = 40  # 16 recordings a shard


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    rng = np.random.default_rng(1)
    for number in range(COUNT):
        samples = 0.1 * rng.uniform(-1, 1, 2_000 + 100 * number)
        soundfile.write(tmp_path / f"{number}.wav", samples, 16_000)
    return examples_in(tmp_path)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the recordings that are decoded from now on."""
    names: list[str] = []

    def read(example: Example, rate_hz: int) -> Samples:
        names.append(example.name)
        return read_example(example, rate_hz)

    monkeypatch.setattr(store, "read_example", read)
    return names


def make(examples: list[Example], folder: Path) -> Features:
    return make_features(examples, SETTINGS, folder, workers=1)


def interrupted(examples: list[Example], folder: Path, number: int) -> None:
    """Press Ctrl-C at the recording with this number."""

    def read(example: Example, rate_hz: int) -> Samples:
        if example.name == f"{number}.wav":
            raise KeyboardInterrupt
        return read_example(example, rate_hz)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "read_example", read)
        with pytest.raises(KeyboardInterrupt):
            make(examples, folder)


def test_only_what_is_missing_is_computed(
    examples: list[Example],
    decoded: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    whole = make(examples, tmp_path / "whole")
    interrupted(examples, tmp_path / "features", 20)
    decoded.clear()
    continued = make(examples, tmp_path / "features")
    assert decoded == [one.name for one in examples[16:]]
    assert "features: continuing after 16 of 40 recordings" in caplog.messages
    assert np.array_equal(whole.values, continued.values)
    assert (whole.sha256, whole.sounds) == (continued.sha256, continued.sounds)
    assert len(list((tmp_path / "features").iterdir())) == 1


def test_a_killed_process_costs_one_shard(
    examples: list[Example], decoded: list[str], tmp_path: Path
) -> None:
    arguments = [str(tmp_path), str(tmp_path / "features"), "35"]
    command = [sys.executable, "-m", killed_features.__name__, *arguments]
    killed = subprocess.run(command, check=False)
    assert killed.returncode == -signal.SIGKILL
    make(examples, tmp_path / "features")
    assert decoded == [one.name for one in examples[32:]]


@pytest.mark.parametrize(
    ("name", "bytes_left"), [("values.float32", 100), ("made.jsonl", 10), ("made.jsonl", 0)]
)
def test_a_shard_that_was_half_written_is_computed_again(
    examples: list[Example], tmp_path: Path, name: str, bytes_left: int
) -> None:
    whole = make(examples, tmp_path / "whole")
    interrupted(examples, tmp_path / "features", 20)
    (file,) = (tmp_path / "features").glob(f".unfinished-*/{name}")
    os.truncate(file, bytes_left)
    assert np.array_equal(whole.values, make(examples, tmp_path / "features").values)


def test_a_second_command_does_not_disturb_the_first(
    examples: list[Example], tmp_path: Path
) -> None:
    whole = make(examples, tmp_path / "whole")
    (place,) = (tmp_path / "whole").iterdir()
    with unfinished(tmp_path / "features" / place.name, chunk_bytes=4) as first:
        second = make(examples, tmp_path / "features")
        assert np.array_equal(second.values, whole.values)
        assert len(first.made) == 0
    # What the first one put in its place is not whole.
    assert np.array_equal(make(examples, tmp_path / "features").values, whole.values)
    assert len(list((tmp_path / "features").iterdir())) == 1
