import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from model_build.evaluation.curves import average_precision, precision_recall, roc


def test_curves_of_four_scores() -> None:
    positive, negative = np.array([0.9, 0.4]), np.array([0.6, 0.1])
    assert roc(positive, negative) == ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    recall, precision = precision_recall(positive, negative)
    assert recall == [0.5, 0.5, 1.0, 1.0]
    assert precision == pytest.approx([1.0, 0.5, 2 / 3, 0.5])
    assert average_precision(positive, negative) == pytest.approx(0.5 * 1.0 + 0.5 * 2 / 3)


def test_average_precision_equals_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    positive, negative = rng.normal(1.0, 1.0, 40).round(1), rng.normal(0.0, 1.0, 60).round(1)
    expected = average_precision_score([1] * 40 + [0] * 60, [*positive, *negative])
    assert average_precision(positive, negative) == pytest.approx(expected)
