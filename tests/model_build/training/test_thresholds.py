import numpy as np
import pytest

from model_build.training.thresholds import calibrate, threshold


def test_lowest_threshold_that_reaches_the_precision() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
    labels = np.array([1, 1, 1, 0, 1, 1, 0, 0], np.uint8)
    assert threshold(scores, labels, 0.8) == 0.4


def test_equal_scores_are_detected_together() -> None:
    scores = np.array([0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5])
    labels = np.array([1, 1, 1, 1, 1, 1, 0, 0], np.uint8)
    assert threshold(scores, labels, 0.8) == 0.9


def test_unreachable_precision_gives_the_best_there_is() -> None:
    scores = np.linspace(0.9, 0.1, 10)
    labels = np.array([0, 1, 1, 1, 1, 0, 0, 0, 0, 0], np.uint8)
    assert threshold(scores, labels, 0.95) == scores[4]


def test_threshold_stays_within_bounds() -> None:
    everything = np.ones(10, np.uint8)
    assert threshold(np.full(10, 0.999), everything, 0.9) == 0.95
    assert threshold(np.full(10, 0.01), everything, 0.9) == 0.95
    assert threshold(np.linspace(0.01, 0.9, 10), everything, 0.9) >= 0.05


@pytest.mark.parametrize(("temperature", "offset"), [(1.0, 0.0), (2.0, -1.0), (0.5, 1.5)])
def test_calibration_finds_the_sigmoid_that_drew_the_labels(
    temperature: float, offset: float
) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 50_000).astype(np.float32)
    drawn = rng.random(50_000) < 1 / (1 + np.exp(-(logits / temperature + offset)))
    found = calibrate(logits, drawn.astype(np.uint8))
    assert found.temperature == pytest.approx(temperature, rel=0.1)
    assert found.offset == pytest.approx(offset, abs=0.1)


def test_calibration_stays_increasing_where_the_data_say_otherwise() -> None:
    logits = np.linspace(-3, 3, 100).astype(np.float32)
    assert calibrate(logits, (logits < 0).astype(np.uint8)).temperature == 5.0


def test_calibration_of_a_family_never_heard_is_finite() -> None:
    found = calibrate(np.linspace(-3, 3, 100).astype(np.float32), np.zeros(100, np.uint8))
    assert np.isfinite(found.offset)
    assert found.offset < 0
