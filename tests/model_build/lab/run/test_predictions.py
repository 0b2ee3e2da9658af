import csv
from pathlib import Path

import numpy as np

from model_build.corpus.formats.labelled import Example
from model_build.lab.run.predictions import predicted_classes, write_predictions

CLASSES = ("10", "2", "Äolsharfe")


def test_the_highest_score_is_predicted_and_a_tie_goes_to_the_first() -> None:
    assert predicted_classes(np.array([0.1, 0.2, 0.7]), CLASSES, None) == "Äolsharfe"
    assert predicted_classes(np.array([0.1, 0.4, 0.4]), CLASSES, None) == "2"


def test_all_scores_from_the_threshold_are_predicted() -> None:
    assert predicted_classes(np.array([0.5, 0.2, 0.7]), CLASSES, 0.5) == "10;Äolsharfe"
    assert predicted_classes(np.array([0.1, 0.2, 0.3]), CLASSES, 0.5) == ""


def test_the_table_quotes_names_and_keeps_segments_apart(tmp_path: Path) -> None:
    examples = [
        Example(name="kick, soft.wav", file="", labels=("10",), group="Ann"),
        Example(name="b.wav", file="", labels=("2",), start_seconds=4.0, seconds=4.0),
    ]
    table = tmp_path / "predictions.csv"
    scores = np.array([[0.6, 0.3, 0.1], [0.25, 0.25, 0.5]])
    write_predictions(table, examples, scores, CLASSES, folds=[0, 3], threshold=None)
    with table.open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["name"], first["group"], first["fold"]) == ("kick, soft.wav", "Ann", "0")
    assert (first["predicted"], first["10"]) == ("10", "0.600000")
    assert (second["start_seconds"], second["fold"]) == ("4", "3")
    assert (second["labels"], second["predicted"]) == ("2", "Äolsharfe")
