import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score, roc_auc_score

from model_build.evaluation.metrics import (
    area_under_roc,
    micro_f1,
    right_by_family,
    weakest,
    wilson_interval,
)

FAMILIES = ("flute", "guitar", "string")


def test_right_means_an_accepted_family() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.1, 0.2, 0.3], [0.1, 0.3, 0.2], [0.6, 0.5, 0.4]])
    right = right_by_family(
        scores,
        FAMILIES,
        ["flute", "string", "string", "string"],
        [("flute",), ("string",), ("string", "guitar"), ("string",)],
    )
    assert right == {"flute": 1.0, "string": pytest.approx(2 / 3)}


def test_area_under_roc_equals_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    positive, negative = rng.normal(1, 1, 57).round(1), rng.normal(0, 1, 31).round(1)
    expected = roc_auc_score([1] * 57 + [0] * 31, [*positive, *negative])
    assert area_under_roc(positive, negative) == pytest.approx(expected)
    assert area_under_roc(np.ones(3), np.zeros(2)) == 1.0
    assert area_under_roc(np.ones(3), np.ones(2)) == 0.5


def test_micro_f1_equals_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    detected, playing = rng.random((20, 3)) < 0.4, rng.random((20, 3)) < 0.3
    expected = f1_score(playing, detected, average="micro")
    assert micro_f1(detected, playing) == pytest.approx(expected)
    assert micro_f1(np.zeros((2, 3), bool), np.zeros((2, 3), bool)) == 0.0


def test_weakest_family_has_enough_clips() -> None:
    shares = {"flute": 0.4, "organ": 0.1, "reed": 0.6}
    counts = {"flute": 15, "organ": 14, "reed": 90}
    assert weakest(shares, counts, 15) == ("flute", 0.4)
    assert weakest(shares, counts, 100) is None


@pytest.mark.parametrize(("right", "count"), [(0, 1), (8, 8), (33, 54), (660, 712)])
def test_wilson_interval_equals_scipys(right: int, count: int) -> None:
    expected = binomtest(right, count).proportion_ci(method="wilson")
    assert wilson_interval(right / count, count) == pytest.approx(expected, abs=1e-6)
