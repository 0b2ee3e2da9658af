from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL, load_classifier
from model_build.corpus.clips import Clip, read_corpus
from model_build.evaluation.clip_figures import Figures, figures
from model_build.evaluation.evaluate import Hear, evaluate, heard_clips
from model_build.report.targets import table

FAMILIES = ("drums", "flute", "organ")
THRESHOLDS = (0.5, 0.5, 0.5)


def knowing(clip: Clip) -> NDArray[np.float32]:
    return np.array([0.9 if family in clip.families else 0.1 for family in FAMILIES], np.float32)


def deaf_across_rooms(clip: Clip) -> NDArray[np.float32]:
    heard = np.array([0.1, 0.2, 0.1], np.float32)
    return heard if clip.kind == "room" else knowing(clip)


def measured(corpus: Path, hear: Hear, thresholds: tuple[float, ...] | None) -> Figures:
    return figures(heard_clips(read_corpus(corpus, FAMILIES), hear), FAMILIES, thresholds)


def test_who_knows_everything_is_always_right(corpus: Path) -> None:
    found = measured(corpus, knowing, THRESHOLDS)
    assert found.clips == {"phrase": 6, "room": 6, "negative": 2, "mixture": 1}
    assert found.top1 == found.family_mean == found.presence_auc == {"phrase": 1.0, "room": 1.0}
    assert found.mixture_f1 == 1.0
    assert found.calibration_error == pytest.approx({"phrase": 0.1, "room": 0.1})


def test_kinds_are_measured_apart(corpus: Path) -> None:
    found = measured(corpus, deaf_across_rooms, THRESHOLDS)
    assert found.by_family == {
        "phrase": {"flute": 1.0, "organ": 1.0},
        "room": {"flute": 1.0, "organ": 0.0},
    }
    assert found.clips_by_family["room"] == {"flute": 3, "organ": 3}
    assert found.top1 == {"phrase": 1.0, "room": 0.5}
    assert found.calibration_error["room"] == pytest.approx(0.8 / 2 + 0.2 / 2)
    assert found.flat()["dev_room_top1"] == 0.5


def test_a_family_of_few_clips_is_not_the_weakest(corpus: Path) -> None:
    assert measured(corpus, deaf_across_rooms, THRESHOLDS).weakest == {}


def test_only_dev_is_measured(corpus: Path) -> None:
    heard: list[Clip] = []

    def hear(clip: Clip) -> NDArray[np.float32]:
        heard.append(clip)
        return knowing(clip)

    heard_clips(read_corpus(corpus, FAMILIES), hear)
    assert {clip.split for clip in heard} == {"dev"}


def test_table_sets_models_side_by_side(corpus: Path) -> None:
    text = table(
        {
            "ours": measured(corpus, knowing, THRESHOLDS),
            "theirs": measured(corpus, deaf_across_rooms, None),
        }
    )
    head, *lines = text.splitlines()
    assert head.split() == ["ours", "theirs", "target", "stretch"]
    rows = {line.split("  ")[0]: line.split("  ", 1)[1].split() for line in lines}
    assert rows["room: top-1"] == ["1.000", "0.500", "≥", "0.860", "≥", "0.920"]
    assert rows["room: organ"] == ["1.000", "0.000", "3", "clips,", "few"]
    assert rows["mixture: micro F1"][:2] == ["1.000", "-"]
    assert rows["file size"][:2] == ["-", "-"]


def test_corpus_without_dev_is_refused(corpus: Path) -> None:
    manifest = corpus / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",dev,", ",train,"))
    with pytest.raises(InputError, match="has no dev phrases"):
        measured(corpus, knowing, THRESHOLDS)


def test_an_evaluation_keeps_what_its_figures_were_counted_from(corpus: Path) -> None:
    found, details = evaluate(BUILT_IN_MODEL, corpus, day_seconds=90.0)
    (ours,) = found.values()
    (said,) = details.models.values()
    assert ours.size_bytes == BUILT_IN_MODEL.stat().st_size
    assert ours.cost is not None
    assert ours.cost.milliseconds > 0.0
    assert ours.cost.ratio is ours.float_room_top1 is None
    assert said.families == load_classifier().contract.families
    assert len(details.clips) == len(said.scores) == 15
    rooms = [path for path, shown in details.clips.items() if shown.kind == "room"]
    right = [
        said.families[int(np.argmax(said.scores[path]))] in details.clips[path].accepts
        for path in rooms
    ]
    assert np.mean(right) == ours.top1["room"]
    assert ours.day is not None
    music = [passage for passage in details.day.passages if passage.accepts]
    assert len(music) == ours.day.passages
    assert {point.swept for point in said.points} == {"snr_db", "distance_metres", "level_dbfs"}


def test_clips_that_cannot_be_heard_are_named_and_left_out(
    corpus: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dev = [c.path for c in read_corpus(corpus, FAMILIES).clips if c.split == "dev"]
    broken, silent = (corpus / path for path in dev[:2])
    broken.write_bytes(b"not a sound")
    soundfile.write(silent, np.zeros(64_000), 16_000)
    found = evaluate(BUILT_IN_MODEL, corpus, day_seconds=60.0).figures[BUILT_IN_MODEL.stem]
    assert sum(found.clips.values()) == len(dev) - 2
    assert broken.name in caplog.text
    assert f"{silent.name}: silent" in caplog.text
