import numpy as np
import pytest

from model_build.training.calibration import calibrate


@pytest.mark.parametrize(("temperature", "offset"), [(1.0, 0.0), (2.0, -1.0), (0.5, 1.5)])
def test_finds_the_sigmoid_that_labels_were_drawn_with(temperature: float, offset: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 50_000).astype(np.float32)
    drawn = rng.random(50_000) < 1 / (1 + np.exp(-(logits / temperature + offset)))
    found = calibrate(logits, drawn.astype(np.uint8))
    assert found.temperature == pytest.approx(temperature, rel=0.1)
    assert found.offset == pytest.approx(offset, abs=0.1)


def test_stays_increasing_for_decreasing_data() -> None:
    logits = np.linspace(-3, 3, 100).astype(np.float32)
    assert calibrate(logits, (logits < 0).astype(np.uint8)).temperature == 5.0


def test_is_finite_for_a_family_without_windows() -> None:
    found = calibrate(np.linspace(-3, 3, 100).astype(np.float32), np.zeros(100, np.uint8))
    assert np.isfinite(found.offset)
    assert found.offset < 0
