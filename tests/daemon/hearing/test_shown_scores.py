"""Shown scores: 0.5 is every family's operating point, and the order of scores stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.hearing.shown_scores import OPERATING_POINT, ShownScores

FAMILIES = ("drums", "guitar", "organ")
THRESHOLDS = (0.13, 0.61, 0.5)
SCORES = st.floats(0.0, 1.0, width=32)


def test_operating_point_is_one_half() -> None:
    shown = ShownScores(FAMILIES, THRESHOLDS)
    for family, threshold in zip(FAMILIES, THRESHOLDS, strict=True):
        assert shown.of(family, threshold) == pytest.approx(OPERATING_POINT) == 0.5
    every = shown.all(np.array(THRESHOLDS, np.float32))
    assert every == pytest.approx([0.5] * 3)


def test_scores_of_zero_and_one_are_unchanged() -> None:
    shown = ShownScores(FAMILIES, THRESHOLDS)
    assert shown.of("drums", 0.0) == pytest.approx(0.0, abs=1e-20)
    assert shown.of("drums", 1.0) == pytest.approx(1.0)
    assert shown.all(np.array([0.0, 1.0, 0.0], np.float32)) == pytest.approx([0.0, 1.0, 0.0])


@given(one=SCORES, other=SCORES, threshold=st.floats(0.01, 0.99))
def test_mapping_keeps_the_order_of_scores(one: float, other: float, threshold: float) -> None:
    shown = ShownScores(("drums",), (threshold,))
    low, high = sorted((one, other))
    assert 0.0 <= shown.of("drums", low) <= shown.of("drums", high) <= 1.0
    # Scores that differ by a thousandth can be told apart.
    if high - low > 1e-3:
        assert shown.of("drums", low) < shown.of("drums", high)


@given(scores=st.lists(SCORES, min_size=3, max_size=3))
def test_array_and_single_scores_agree(scores: list[float]) -> None:
    shown = ShownScores(FAMILIES, THRESHOLDS)
    every = shown.all(np.array(scores, np.float32)).tolist()
    single = [shown.of(family, score) for family, score in zip(FAMILIES, scores, strict=True)]
    assert every == pytest.approx(single, abs=1e-9)


def test_new_operating_points_apply_at_once() -> None:
    shown = ShownScores(FAMILIES, THRESHOLDS)
    shown.use((0.4, 0.4, 0.4))
    assert [shown.of(family, 0.4) for family in FAMILIES] == pytest.approx([0.5] * 3)


def test_without_operating_points_scores_are_unchanged() -> None:
    scores = np.array([0.1, 0.25, 1.0], np.float32)
    assert ShownScores().all(scores).tolist() == scores.tolist()
    assert ShownScores().of("drums", 0.1) == 0.1


@pytest.mark.parametrize("threshold", [1e-30, 1.0 - 1e-16])
def test_extreme_operating_points_give_probabilities(threshold: float) -> None:
    shown = ShownScores(("drums",), (threshold,))
    assert all(0.0 <= shown.of("drums", score) <= 1.0 for score in (0.0, 1e-9, 0.5, 1.0))
    assert np.isfinite(shown.all(np.array([0.5], np.float32))).all()
