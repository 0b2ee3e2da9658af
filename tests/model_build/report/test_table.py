from pathlib import Path

import msgspec

from model_build.report.table import figure_table
from tests.model_build.evaluation.known_scores import (
    THRESHOLDS,
    measured,
    perfect,
    wrong_in_rooms,
)


def test_table_shows_models_side_by_side(corpus: Path) -> None:
    text = figure_table(
        {
            "ours": measured(corpus, perfect, THRESHOLDS),
            "theirs": measured(corpus, wrong_in_rooms, None),
        }
    )
    head, *lines = text.splitlines()
    assert head.split() == ["ours", "theirs", "target", "stretch"]
    rows = {line.split("  ")[0]: line.split("  ", 1)[1].split() for line in lines}
    room = ["1.000", "(.61-1.00)", "0.500", "(.19-.81)"]
    assert rows["room: top-1"] == [*room, "≥", "0.870", "≥", "0.900"]
    few = ["3", "clips,", "few"]
    assert rows["room: organ"] == ["1.00", "(.44-1.00)", "0.00", "(.00-.56)", *few]
    assert rows["mixture: micro F1"][:2] == ["1.000", "-"]
    assert rows["file size"][:2] == ["-", "-"]


def test_table_of_later_clips_follows(corpus: Path) -> None:
    ours = measured(corpus, perfect, THRESHOLDS)
    second = measured(corpus, wrong_in_rooms, THRESHOLDS)
    both = msgspec.structs.replace(ours, second=second, second_paths="later/")
    first, later = figure_table({"ours": both}).split("\n\n")
    assert first == figure_table({"ours": ours})
    head, *lines = later.splitlines()
    assert head.split() == ["clips", "of", "later/", "ours", "target", "stretch"]
    rows = {line.split("  ")[0]: line.split("  ", 1)[1].split() for line in lines}
    assert rows["room: top-1"][0] == "0.500"
    assert "file size" not in rows
