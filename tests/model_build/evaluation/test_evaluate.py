from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.hearing.classifier import BUILT_IN_MODEL, load_classifier
from model_build.corpus.clips import read_corpus
from model_build.evaluation.evaluate import evaluate_file
from model_build.report.table import figure_table
from tests.model_build.evaluation.known_scores import FAMILIES


@pytest.mark.timeout(400)
def test_details_agree_with_figures(corpus: Path) -> None:
    found, details = evaluate_file(BUILT_IN_MODEL, corpus, day_seconds=60.0, workers=1)
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
    assert ours.day.days == len(details.days) == 5
    assert sum(len(day.music) for day in details.days) == ours.day.passages
    assert ours.day.hours == pytest.approx(5 * 60.0 / 3600.0)
    assert ours.alarms is not None
    assert ours.steady is not None
    steady, *negatives = details.others
    assert ours.steady.count == len(steady.events)
    assert ours.alarms.count == sum(len(recording.events) for recording in negatives)
    assert ours.second is None
    assert {point.swept for point in scores.points} == {"snr_db", "distance_metres", "level_dbfs"}


@pytest.mark.timeout(400)
def test_warns_of_unusable_clips_and_leaves_them_out(
    corpus: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dev = [c.path for c in read_corpus(corpus, FAMILIES).clips if c.split == "dev"]
    broken, silent = (corpus / path for path in dev[:2])
    broken.write_bytes(b"not a sound")
    soundfile.write(silent, np.zeros(64_000), 16_000)
    found = evaluate_file(BUILT_IN_MODEL, corpus, day_seconds=40.0, workers=1).figures[
        BUILT_IN_MODEL.stem
    ]
    assert sum(found.clips.values()) == len(dev) - 2
    assert broken.name in caplog.text
    assert f"{silent.name}: silent" in caplog.text


@pytest.mark.timeout(400)
def test_measures_later_clips_apart(corpus: Path) -> None:
    later = corpus / "later"
    later.mkdir()
    manifest = corpus / "manifest.csv"
    lines = manifest.read_text().splitlines()
    moved = []
    for line in lines:
        name = line.split(",")[0]
        if ",dev," in line and "organ" in name and name.startswith("phrase"):
            (corpus / name).rename(later / name)
            line = f"later/{line}"  # noqa: PLW2901
        moved.append(line)
    manifest.write_text("\n".join(moved) + "\n")
    found = evaluate_file(BUILT_IN_MODEL, corpus, day_seconds=40.0, second="later/", workers=1)
    ours = found.figures[BUILT_IN_MODEL.stem]
    assert ours.clips == {"phrase": 3, "room": 6, "negative": 2, "mixture": 1}
    assert ours.second_paths == "later/"
    assert ours.second is not None
    # Each phrase is heard in a simulated room, too.
    assert ours.second.clips == {"phrase": 3, "room": 3, "negative": 0, "mixture": 0}
    assert set(ours.second.by_family["room"]) == {"organ"}
    assert ours.second.alarms is None
    assert not any(path.startswith("later/") for path in found.details.clips)
    assert "clips of later/" in figure_table(found.figures)
    assert {"dev_second_phrase_top1", "dev_second_room_top1"} < set(ours.flat())
