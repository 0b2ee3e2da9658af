from pathlib import Path

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
    assert rows["room: top-1"] == ["1.000", "0.500", "≥", "0.860", "≥", "0.920"]
    assert rows["room: organ"] == ["1.000", "0.000", "3", "clips,", "few"]
    assert rows["mixture: micro F1"][:2] == ["1.000", "-"]
    assert rows["file size"][:2] == ["-", "-"]
