import numpy as np

from model_build.lab.features.truth import Truth
from model_build.lab.validation.thresholds import best_thresholds


def test_the_threshold_of_each_class_has_the_highest_f1() -> None:
    has = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]], np.bool_)
    known = np.ones((4, 3), np.bool_)
    scores = np.array([[0.3, 0.9, 0.1], [0.2, 0.8, 0.2], [0.1, 0.6, 0.3], [0.05, 0.1, 0.4]])
    found = best_thresholds(Truth(("a", "b", "c"), has, known), scores, 0.5)
    # a: all right from 0.2 on. b: three predictions with two hits, F1 0.8. c: nobody has it.
    assert np.allclose(found, [0.15, 0.35, 0.5])


def test_unknown_labels_do_not_count() -> None:
    has = np.array([[True], [False], [False]])
    known = np.array([[True], [False], [True]])
    scores = np.array([[0.3], [0.9], [0.1]])
    assert np.allclose(best_thresholds(Truth(("a",), has, known), scores, 0.5), [0.2])
