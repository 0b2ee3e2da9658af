from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InputError
from model_build.corpus.clips import read_corpus
from model_build.evaluation.clip_figures import figures
from model_build.evaluation.evaluate import by_clip, heard_clips
from model_build.evaluation.peer import peer_scores
from model_build.evaluation.scorers import peer_ear
from model_build.networks.audioset import CLASSES_OF_FAMILY


def test_no_class_belongs_to_two_families() -> None:
    indices = [index for classes in CLASSES_OF_FAMILY.values() for index in classes]
    assert len(indices) == len(set(indices)) == 60
    assert list(CLASSES_OF_FAMILY) == sorted(CLASSES_OF_FAMILY)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "song.tflite").write_text("la la la")
    with pytest.raises(InputError, match=r"song\.tflite: the TFLite runtime refuses it"):
        peer_scores(tmp_path / "song.tflite")


def test_a_silent_window_has_no_family(base: Path) -> None:
    assert peer_scores(base)(np.zeros(64_000, np.float32)).max() < 0.1


@pytest.mark.timeout(600)
def test_published_baseline_is_reproduced(base: Path, real_corpus: Path) -> None:
    ear = peer_ear(base)
    corpus = read_corpus(real_corpus, ear.families)
    # The clips that it was published for; those that were added since are in a folder of their own.
    first = [clip for clip in corpus.clips if not clip.path.startswith("round3/")]
    corpus = corpus._replace(clips=first)
    heard = heard_clips(corpus, by_clip(corpus, ear))
    found = figures(heard, ear.families, ear.thresholds)
    assert found.mixture_f1 is None
    assert found.top1 == pytest.approx({"phrase": 0.916, "room": 0.719}, abs=0.005)
    assert found.family_mean == pytest.approx({"phrase": 0.919, "room": 0.670}, abs=0.01)
    assert found.presence_auc == pytest.approx({"phrase": 0.997, "room": 0.976}, abs=0.005)
