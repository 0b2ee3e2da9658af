from pathlib import Path

import numpy as np

from daemon.hearing.scorer import level_dbfs
from model_build.corpus.clips import read_corpus
from model_build.windows.home_day import FLOOR_DBFS, MUSIC_DBFS, OTHER_SECONDS, day_at_home

FAMILIES = ("drums", "flute", "organ")
SECONDS = 400.0


def test_samples_of_a_day_match_its_passages(corpus: Path) -> None:
    day = day_at_home(read_corpus(corpus, FAMILIES), "dev", seed=3, seconds=SECONDS)
    assert day.samples.shape == (round(SECONDS * 16_000),)
    assert np.abs(day.samples).max() <= 1.0
    assert {"music"} < {passage.what for passage in day.passages}
    starts = [passage.start_seconds for passage in day.passages]
    assert starts == sorted(starts)
    for passage in day.passages:
        assert 0.0 < passage.start_seconds < passage.end_seconds <= SECONDS
        assert bool(passage.accepts) == (passage.what == "music")
        assert set(passage.accepts) <= {"flute", "organ"}
        first = round(passage.start_seconds * 16_000)
        samples = day.samples[first : round(passage.end_seconds * 16_000)]
        if passage.what == "silence":
            assert abs(level_dbfs(samples) - FLOOR_DBFS) < 1.0
        elif passage.what == "music":
            assert level_dbfs(samples) > MUSIC_DBFS[0] - 1.0
        else:
            assert passage.end_seconds - passage.start_seconds <= OTHER_SECONDS[1] + 0.01


def test_same_seed_gives_same_day(corpus: Path) -> None:
    every = read_corpus(corpus, FAMILIES)
    one, again, other = (day_at_home(every, "dev", seed=s, seconds=60.0) for s in (1, 1, 2))
    assert one.passages == again.passages != other.passages
    np.testing.assert_array_equal(one.samples, again.samples)
