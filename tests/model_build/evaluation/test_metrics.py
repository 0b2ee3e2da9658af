import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from model_build.evaluation.metrics import (
    area_under_roc,
    average_precision,
    calibration_error,
    micro_f1,
    precision_recall,
    reliability,
    right_by_family,
    roc,
    weakest,
)

FAMILIES = ("flute", "guitar", "string")


def test_right_is_what_is_accepted() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.1, 0.2, 0.3], [0.1, 0.3, 0.2], [0.6, 0.5, 0.4]])
    right = right_by_family(
        scores,
        FAMILIES,
        ["flute", "string", "string", "string"],
        [("flute",), ("string",), ("string", "guitar"), ("string",)],
    )
    assert right == {"flute": 1.0, "string": pytest.approx(2 / 3)}


def test_area_under_roc_equals_sklearns() -> None:
    rng = np.random.default_rng(1)
    positive, negative = rng.normal(1, 1, 57).round(1), rng.normal(0, 1, 31).round(1)
    expected = roc_auc_score([1] * 57 + [0] * 31, [*positive, *negative])
    assert area_under_roc(positive, negative) == pytest.approx(expected)
    assert area_under_roc(np.ones(3), np.zeros(2)) == 1.0
    assert area_under_roc(np.ones(3), np.ones(2)) == 0.5


def test_micro_f1_equals_sklearns() -> None:
    rng = np.random.default_rng(1)
    detected, playing = rng.random((20, 3)) < 0.4, rng.random((20, 3)) < 0.3
    expected = f1_score(playing, detected, average="micro")
    assert micro_f1(detected, playing) == pytest.approx(expected)
    assert micro_f1(np.zeros((2, 3), bool), np.zeros((2, 3), bool)) == 0.0


def test_calibration_error_of_a_handful_of_scores() -> None:
    scores = np.array([0.9, 0.2, 0.8, 0.3])
    right = np.array([True, False, False, True])
    # In two bins: 0.2 and 0.3, half right; 0.8 and 0.9, half right.
    assert reliability(scores, right, 2) == [(2, 0.25, 0.5), (2, pytest.approx(0.85), 0.5)]
    assert calibration_error(scores, right, 2) == pytest.approx(0.5 * 0.25 + 0.5 * 0.35)
    # In more bins than scores each score stands alone.
    assert calibration_error(scores, right) == pytest.approx((0.1 + 0.2 + 0.8 + 0.7) / 4)


def test_scores_that_are_probabilities_are_calibrated() -> None:
    scores = np.repeat([0.25, 0.75], 4)
    right = np.array([True, False, False, False, True, True, True, False])
    assert calibration_error(scores, right, 2) == 0.0


def test_weakest_has_enough_clips() -> None:
    shares = {"flute": 0.4, "organ": 0.1, "reed": 0.6}
    counts = {"flute": 15, "organ": 14, "reed": 90}
    assert weakest(shares, counts, 15) == ("flute", 0.4)
    assert weakest(shares, counts, 100) is None


def test_curves_of_a_handful_of_scores() -> None:
    positive, negative = np.array([0.9, 0.4]), np.array([0.6, 0.1])
    assert roc(positive, negative) == ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    recall, precision = precision_recall(positive, negative)
    assert recall == [0.5, 0.5, 1.0, 1.0]
    assert precision == pytest.approx([1.0, 0.5, 2 / 3, 0.5])
    assert average_precision(positive, negative) == pytest.approx(0.5 * 1.0 + 0.5 * 2 / 3)


def test_average_precision_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    positive, negative = rng.normal(1.0, 1.0, 40).round(1), rng.normal(0.0, 1.0, 60).round(1)
    expected = average_precision_score([1] * 40 + [0] * 60, [*positive, *negative])
    assert average_precision(positive, negative) == pytest.approx(expected)
