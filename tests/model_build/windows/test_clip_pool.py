from pathlib import Path

import numpy as np
import pytest

from model_build.corpus.clips import Clip, read_corpus
from model_build.corpus.decoded import Sounds, decode
from model_build.windows.clip_pool import ClipPool

FAMILIES = ("drums", "flute", "organ")


@pytest.fixture
def clips(corpus: Path, tmp_path: Path) -> list[Clip]:
    train = [c for c in read_corpus(corpus, FAMILIES).clips if c.split == "train"]
    kept, _ = decode(train, corpus, tmp_path / "sounds", workers=1)
    return kept


@pytest.fixture
def pool(clips: list[Clip], tmp_path: Path) -> ClipPool:
    return ClipPool(enumerate(clips), Sounds(tmp_path / "sounds"))


def test_labels_list_families_and_sorts(pool: ClipPool) -> None:
    assert pool.labels("phrase") == ["flute", "organ"]
    assert pool.labels("note") == ["flute", "organ"]
    assert pool.labels("drum") == ["kick", "snare"]
    assert pool.labels("negative") == ["noise", "speech"]


def test_several_notes_come_from_one_source(pool: ClipPool) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        notes = pool.several("note", "flute", 8, rng)
        assert len(notes) == 3
        assert {len(note) for note in notes} == {9_600}


def test_heavier_clips_are_drawn_more_often(clips: list[Clip], tmp_path: Path) -> None:
    heavy = next(clip for clip in clips if clip.kind == "negative" and clip.label == "noise")
    sounds = Sounds(tmp_path / "sounds")
    pool = ClipPool(enumerate(clips), sounds, weights={heavy.path: 8.0})
    rng = np.random.default_rng(1)
    drawn = [pool.one("negative", "noise", rng) for _ in range(200)]
    wanted = sounds[clips.index(heavy)]
    share = np.mean([np.array_equal(one, wanted) for one in drawn])
    assert 0.7 < share < 0.9  # 8 of 10, because there are two others


def test_source_exponent_0_draws_all_sources_alike(clips: list[Clip], tmp_path: Path) -> None:
    flutes = [clip for clip in clips if clip.kind == "phrase" and clip.label == "flute"]
    most = [c for c in clips if c not in flutes or c.source == flutes[0].source]
    most += [next(clip for clip in flutes if clip.source != flutes[0].source)]
    sounds = Sounds(tmp_path / "sounds")
    numbered = [(clips.index(clip), clip) for clip in most]
    alone = sounds[numbered[-1][0]]

    def share(exponent: float) -> float:
        pool, rng = (
            ClipPool(numbered, sounds, source_exponent=exponent),
            np.random.default_rng(1),
        )
        drawn = [pool.one("phrase", "flute", rng) for _ in range(400)]
        return float(np.mean([np.array_equal(one, alone) for one in drawn]))

    assert share(0.0) == pytest.approx(0.5, abs=0.08)
    assert share(1.0) == pytest.approx(0.25, abs=0.08)
