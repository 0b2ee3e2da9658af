from pathlib import Path

import numpy as np

from daemon.hearing.scorer import level_dbfs
from model_build.corpus.clip_sound import clip_reader
from model_build.corpus.clips import read_corpus
from model_build.windows.clip_sequences import clips_in_room

FAMILIES = ("drums", "flute", "organ")


def test_clips_in_room_have_no_gaps_and_the_requested_level(corpus: Path) -> None:
    every = read_corpus(corpus, FAMILIES)
    clips = [clip for clip in every.clips if clip.kind == "negative" and clip.split == "dev"]
    samples = clips_in_room(clips, clip_reader(every), np.ones(1, np.float32), dbfs=-30.0)
    assert len(samples) > 4 * 16_000 * len(clips) * 0.9
    assert abs(level_dbfs(samples) + 30.0) < 0.1
    seconds = samples[: len(samples) // 16_000 * 16_000].reshape(-1, 16_000)
    assert min(level_dbfs(second) for second in seconds) > -40.0
