from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.corpus.clips import Clip, read_corpus
from model_build.evaluation.clip_scores import score_dev_clips
from tests.model_build.evaluation.known_scores import (
    FAMILIES,
    THRESHOLDS,
    measured,
    perfect,
    wrong_in_rooms,
)


def test_perfect_scores_give_perfect_figures(corpus: Path) -> None:
    found = measured(corpus, perfect, THRESHOLDS)
    assert found.clips == {"phrase": 6, "room": 6, "negative": 2, "mixture": 1}
    assert found.top1 == found.family_mean == found.presence_auc == {"phrase": 1.0, "room": 1.0}
    assert found.mixture_f1 == 1.0
    assert found.calibration_error == pytest.approx({"phrase": 0.1, "room": 0.1})


def test_measures_each_kind_of_clip(corpus: Path) -> None:
    found = measured(corpus, wrong_in_rooms, THRESHOLDS)
    assert found.by_family == {
        "phrase": {"flute": 1.0, "organ": 1.0},
        "room": {"flute": 1.0, "organ": 0.0},
    }
    assert found.clips_by_family["room"] == {"flute": 3, "organ": 3}
    assert found.top1 == {"phrase": 1.0, "room": 0.5}
    assert found.calibration_error["room"] == pytest.approx(0.8 / 2 + 0.2 / 2)
    assert found.flat()["dev_room_top1"] == 0.5


def test_family_with_few_clips_is_not_the_weakest(corpus: Path) -> None:
    assert measured(corpus, wrong_in_rooms, THRESHOLDS).weakest == {}


def test_measures_dev_clips_only(corpus: Path) -> None:
    scored: list[Clip] = []

    def score(clip: Clip) -> NDArray[np.float32]:
        scored.append(clip)
        return perfect(clip)

    score_dev_clips(read_corpus(corpus, FAMILIES), score)
    assert {clip.split for clip in scored} == {"dev"}


def test_rejects_corpus_without_dev_phrases(corpus: Path) -> None:
    manifest = corpus / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",dev,", ",train,"))
    with pytest.raises(InputError, match="has no dev phrases"):
        measured(corpus, perfect, THRESHOLDS)
