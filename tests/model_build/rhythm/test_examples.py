from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from daemon.practice.beats.beat_network import FRAME_SECONDS, FRAMES_PER_SECOND
from model_build.rhythm import examples
from model_build.rhythm.examples import make_examples, read_examples, song_number, targets
from model_build.rhythm.songs import Song
from model_build.rhythm.surroundings import Surroundings


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    monkeypatch.setattr("model_build.rhythm.surroundings.RESPONSES", 2)
    return Surroundings(np.random.default_rng(1), [])


def test_targets_are_in_the_frames_of_the_beats() -> None:
    beats = np.array([0.5, 1.0, 1.5])
    song = Song(np.zeros(0, np.float32), beats, np.array([False, True, False]), "rock")
    found = targets(song, 100)
    frames = np.flatnonzero(found[:, 0] == 1.0)
    assert frames / FRAMES_PER_SECOND + FRAME_SECONDS == pytest.approx(beats, abs=0.0101)
    assert np.flatnonzero(found[:, 1] == 1.0).tolist() == [frames[1]]
    assert (found[frames - 1, 0] == 0.5).all()


def test_beats_outside_of_the_frames_have_no_target() -> None:
    song = Song(np.zeros(0, np.float32), np.array([0.0, 9.0]), np.array([True, False]), "rock")
    assert targets(song, 50).shape == (50, 2)


def test_songs_are_written_once_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surroundings: Surroundings
) -> None:
    monkeypatch.setattr(examples, "SONGS_A_FILE", 2)
    files = make_examples(tmp_path, 3, 7, surroundings)
    assert [file.name for file in files] == ["songs-00000.npz", "songs-00002.npz"]
    read = read_examples(files)
    assert read.features.shape[0] == read.targets.shape[0] == 6
    assert read.features.shape[1:] == (read.targets.shape[1], 42)
    onsets = read.targets[0, :, 0] == 1.0
    rises = read.features[0, :, 21:].mean(axis=1)
    assert rises[onsets].mean() > rises.mean()
    before = [file.stat().st_mtime_ns for file in files]
    make_examples(tmp_path, 3, 7, surroundings)
    assert [file.stat().st_mtime_ns for file in files] == before


def songs() -> Iterator[Song]:
    for seed in (1, 1, 2):
        yield song_number(5, seed)[0]


def test_a_song_depends_on_seed_and_number_alone() -> None:
    first, again, other = songs()
    assert first.samples == pytest.approx(again.samples)
    assert first.beats_seconds.tolist() == again.beats_seconds.tolist()
    assert first.beats_seconds.tolist() != other.beats_seconds.tolist()
