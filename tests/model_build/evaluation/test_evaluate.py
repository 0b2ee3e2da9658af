from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.hearing.classifier import BUILT_IN_MODEL, load_classifier
from model_build.corpus.clips import read_corpus
from model_build.evaluation.evaluate import evaluate_file
from tests.model_build.evaluation.known_scores import FAMILIES


def test_details_agree_with_figures(corpus: Path) -> None:
    found, details = evaluate_file(BUILT_IN_MODEL, corpus, day_seconds=90.0)
    (ours,) = found.values()
    (scores,) = details.models.values()
    assert ours.size_bytes == BUILT_IN_MODEL.stat().st_size
    assert ours.cost is not None
    assert ours.cost.milliseconds > 0.0
    assert ours.cost.ratio is ours.float_room_top1 is None
    assert scores.families == load_classifier().contract.families
    assert len(details.clips) == len(scores.scores) == 15
    rooms = [path for path, clip in details.clips.items() if clip.kind == "room"]
    right = [
        scores.families[int(np.argmax(scores.scores[path]))] in details.clips[path].accepts
        for path in rooms
    ]
    assert np.mean(right) == ours.top1["room"]
    assert ours.day is not None
    music = [passage for passage in details.day.passages if passage.accepts]
    assert len(music) == ours.day.passages
    assert {point.swept for point in scores.points} == {"snr_db", "distance_metres", "level_dbfs"}


def test_warns_of_unusable_clips_and_leaves_them_out(
    corpus: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dev = [c.path for c in read_corpus(corpus, FAMILIES).clips if c.split == "dev"]
    broken, silent = (corpus / path for path in dev[:2])
    broken.write_bytes(b"not a sound")
    soundfile.write(silent, np.zeros(64_000), 16_000)
    found = evaluate_file(BUILT_IN_MODEL, corpus, day_seconds=60.0).figures[BUILT_IN_MODEL.stem]
    assert sum(found.clips.values()) == len(dev) - 2
    assert broken.name in caplog.text
    assert f"{silent.name}: silent" in caplog.text
