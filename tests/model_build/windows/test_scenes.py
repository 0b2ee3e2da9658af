from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.scorer import level_dbfs
from model_build.corpus.clips import read_corpus
from model_build.corpus.decoded import Sounds, decode
from model_build.recipe import Recipe, read_recipe
from model_build.windows import scenes
from model_build.windows.clip_pool import ClipPool
from model_build.windows.rooms import Rooms, write_rooms
from model_build.windows.scenes import SceneSampler

SCENES = 60


@pytest.fixture
def recipe(recipe_file: Path) -> Recipe:
    return read_recipe(recipe_file)


@pytest.fixture
def pool(corpus: Path, recipe: Recipe, tmp_path: Path) -> ClipPool:
    clips = [c for c in read_corpus(corpus, recipe.families).clips if c.split == "train"]
    kept, _ = decode(clips, corpus, tmp_path / "sounds", workers=1)
    return ClipPool(enumerate(kept), Sounds(tmp_path / "sounds"))


@pytest.fixture
def sampler(pool: ClipPool, recipe: Recipe, tmp_path: Path) -> SceneSampler:
    path = tmp_path / "rooms.npz"
    write_rooms(path, recipe.room, [], (1,), workers=1)
    return SceneSampler(recipe, pool, Rooms(path, 0.0), room_probability=0.5, snr_db=(10.0, 30.0))


def test_scenes_have_the_level_of_the_recipe(sampler: SceneSampler, recipe: Recipe) -> None:
    low, high = recipe.microphone.level_dbfs
    for seed in range(SCENES):
        samples, labels, _ = sampler.draw(np.random.default_rng(seed))
        assert samples.shape == (64_000,)
        assert samples.dtype == np.float32
        assert np.abs(samples).max() <= 1.0
        if labels.any():
            assert low - 1.0 < level_dbfs(samples) < high + 1.0


def test_draws_families_mixtures_and_negatives(sampler: SceneSampler) -> None:
    labels = np.array([sampler.draw(np.random.default_rng(seed)).labels for seed in range(SCENES)])
    assert set(labels.sum(axis=1).tolist()) >= {0, 1, 2}
    assert labels.any(axis=0).all()


def test_same_seed_gives_same_scene(sampler: SceneSampler) -> None:
    one, again, other = (sampler.draw(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(one.samples, again.samples)
    assert not np.array_equal(one.samples, other.samples)


def test_steady_tones_are_negatives(
    pool: ClipPool, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tones = 0

    def tone(_: np.random.Generator, size: int) -> NDArray[np.float32]:
        nonlocal tones
        tones += 1
        return np.ones(size, np.float32)

    monkeypatch.setattr(scenes, "steady_tone", tone)
    windows = msgspec.structs.replace(recipe.windows, steady_share=1.0, floor_share=0.0)
    steady = msgspec.structs.replace(recipe, windows=windows)
    path = tmp_path / "rooms.npz"
    write_rooms(path, recipe.room, [], (1,), workers=1)
    sampler = SceneSampler(
        steady, pool, Rooms(path, 0.0), room_probability=0.5, snr_db=(10.0, 30.0)
    )
    labels = [sampler.draw(np.random.default_rng(seed)).labels for seed in range(SCENES)]
    assert tones == sum(not some.any() for some in labels) > 0
