from pathlib import Path

import numpy as np
import pytest

from model_build.corpus.clips import read_corpus
from model_build.corpus.decoded import Sounds, decode
from model_build.windows.clip_pool import ClipPool

FAMILIES = ("drums", "flute", "organ")


@pytest.fixture
def pool(corpus: Path, tmp_path: Path) -> ClipPool:
    clips = [c for c in read_corpus(corpus, FAMILIES).clips if c.split == "train"]
    kept, _ = decode(clips, corpus, tmp_path / "sounds", workers=1)
    return ClipPool(enumerate(kept), Sounds(tmp_path / "sounds"))


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
