import numpy as np
import pytest

from model_build.evaluation.reliability import calibration_error, reliability


def test_calibration_error_of_four_scores() -> None:
    scores = np.array([0.9, 0.2, 0.8, 0.3])
    right = np.array([True, False, False, True])
    # Two bins, 0.2 and 0.3, 0.8 and 0.9; half of each is right.
    assert reliability(scores, right, 2) == [(2, 0.25, 0.5), (2, pytest.approx(0.85), 0.5)]
    assert calibration_error(scores, right, 2) == pytest.approx(0.5 * 0.25 + 0.5 * 0.35)
    # With more bins than scores, each score has a bin of its own.
    assert calibration_error(scores, right) == pytest.approx((0.1 + 0.2 + 0.8 + 0.7) / 4)


def test_calibration_error_of_probabilities_is_zero() -> None:
    scores = np.repeat([0.25, 0.75], 4)
    right = np.array([True, False, False, False, True, True, True, False])
    assert calibration_error(scores, right, 2) == 0.0
