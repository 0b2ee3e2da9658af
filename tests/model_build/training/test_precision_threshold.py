import numpy as np

from model_build.training.precision_threshold import threshold_for_precision


def test_lowest_threshold_that_reaches_the_precision() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
    labels = np.array([1, 1, 1, 0, 1, 1, 0, 0], np.uint8)
    assert threshold_for_precision(scores, labels, 0.8) == 0.4


def test_equal_scores_are_detected_together() -> None:
    scores = np.array([0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5])
    labels = np.array([1, 1, 1, 1, 1, 1, 0, 0], np.uint8)
    assert threshold_for_precision(scores, labels, 0.8) == 0.9


def test_unreachable_precision_gives_threshold_with_best_f_half() -> None:
    scores = np.linspace(0.9, 0.1, 10)
    labels = np.array([0, 1, 1, 1, 1, 0, 0, 0, 0, 0], np.uint8)
    assert threshold_for_precision(scores, labels, 0.95) == scores[4]


def test_threshold_stays_within_bounds() -> None:
    everything = np.ones(10, np.uint8)
    assert threshold_for_precision(np.full(10, 0.999), everything, 0.9) == 0.95
    assert threshold_for_precision(np.full(10, 0.01), everything, 0.9) == 0.95
    assert threshold_for_precision(np.linspace(0.01, 0.9, 10), everything, 0.9) >= 0.05
