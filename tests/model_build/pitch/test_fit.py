import ast

import numpy as np
import pytest

from daemon.practice.pitch.features import FEATURES
from daemon.practice.pitch.voicing_weights import WEIGHTS
from model_build.pitch.__main__ import module_text
from model_build.pitch.fit import Weights, fitted, logistic


def test_a_logistic_finds_the_weights_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(2.0, 3.0, (20_000, 3))
    chance = 1.0 / (1.0 + np.exp(-(features @ [1.0, -0.5, 0.0] + 0.4)))
    bias, weights = logistic(features, rng.random(len(features)) < chance)
    assert weights == pytest.approx([1.0, -0.5, 0.0], abs=0.05)
    assert bias == pytest.approx(0.4, abs=0.1)


def test_a_small_fit_decides_most_frames_of_other_lines() -> None:
    fit = fitted(np.random.default_rng(2), lines=6, seconds=2.0)
    assert fit.weights.shape == (FEATURES,)
    assert fit.accuracy > 0.7


def test_the_weights_are_written_as_a_module() -> None:
    text = module_text(Weights(0.5, np.arange(FEATURES, dtype=float), 0.9))
    assert "BIAS = 0.500" in text
    ast.parse(text)
    assert len(WEIGHTS) == FEATURES
