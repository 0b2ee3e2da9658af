from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.errors import InputError
from model_build.clips import Clip, read_corpus
from model_build.evaluate import figures, table

FAMILIES = ("drums", "flute", "organ")
THRESHOLDS = np.full(3, 0.5)


def knowing(clip: Clip) -> NDArray[np.float32]:
    return np.array([0.9 if family in clip.families else 0.1 for family in FAMILIES], np.float32)


def deaf_across_rooms(clip: Clip) -> NDArray[np.float32]:
    heard = np.array([0.1, 0.2, 0.1], np.float32)
    return heard if clip.kind == "room" else knowing(clip)


def test_who_knows_everything_is_always_right(corpus: Path) -> None:
    found = figures(read_corpus(corpus, FAMILIES), knowing, FAMILIES, THRESHOLDS)
    assert found.clips == {"phrase": 6, "room": 6, "negative": 2, "mixture": 1}
    assert found.top1 == found.family_mean == found.presence_auc == {"phrase": 1.0, "room": 1.0}
    assert found.mixture_f1 == 1.0


def test_kinds_are_measured_apart(corpus: Path) -> None:
    found = figures(read_corpus(corpus, FAMILIES), deaf_across_rooms, FAMILIES, THRESHOLDS)
    assert found.by_family == {
        "phrase": {"flute": 1.0, "organ": 1.0},
        "room": {"flute": 1.0, "organ": 0.0},
    }
    assert found.top1 == {"phrase": 1.0, "room": 0.5}
    assert found.flat()["dev_room_top1"] == 0.5


def test_only_dev_is_measured(corpus: Path) -> None:
    heard: list[Clip] = []

    def hear(clip: Clip) -> NDArray[np.float32]:
        heard.append(clip)
        return knowing(clip)

    figures(read_corpus(corpus, FAMILIES), hear, FAMILIES, None)
    assert {clip.split for clip in heard} == {"dev"}


def test_table_sets_models_side_by_side(corpus: Path) -> None:
    every = read_corpus(corpus, FAMILIES)
    text = table(
        {
            "ours": figures(every, knowing, FAMILIES, THRESHOLDS),
            "theirs": figures(every, deaf_across_rooms, FAMILIES, None),
        }
    )
    rows = {line.rsplit(maxsplit=2)[0]: line.split()[-2:] for line in text.splitlines()[1:]}
    assert rows["room: top-1"] == ["1.000", "0.500"]
    assert rows["room: organ"] == ["1.000", "0.000"]
    assert rows["mixture: micro F1"] == ["1.000", "-"]


def test_corpus_without_dev_is_refused(corpus: Path) -> None:
    manifest = corpus / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",dev,", ",train,"))
    with pytest.raises(InputError, match="has no dev phrases"):
        figures(read_corpus(corpus, FAMILIES), knowing, FAMILIES, THRESHOLDS)
