import numpy as np
import pytest

from model_build.networks.loss import window_loss

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 1.0, -3.0]], np.float32)
LABELS = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]], np.float32)


def test_loss_without_ranking_is_mean_cross_entropy() -> None:
    plain = np.asarray(window_loss(label_smoothing=0.0, ranking_weight=0.0)(LABELS, LOGITS))
    p = 1 / (1 + np.exp(-LOGITS))
    expected = -np.mean(LABELS * np.log(p) + (1 - LABELS) * np.log(1 - p), axis=1)
    assert plain == pytest.approx(expected, abs=1e-5)


def test_ranking_loss_applies_only_where_a_family_plays() -> None:
    plain, ranked = (
        np.asarray(window_loss(label_smoothing=0.0, ranking_weight=w)(LABELS, LOGITS))
        for w in (0.0, 0.5)
    )
    softmax = np.exp(LOGITS[0]) / np.exp(LOGITS[0]).sum()
    assert ranked - plain == pytest.approx([-0.5 * np.log(softmax[0]), 0.0], abs=1e-5)


def test_families_of_a_mixture_share_the_ranking_loss() -> None:
    both = np.array([[1.0, 1.0, 0.0]], np.float32)
    even = np.array([[5.0, 5.0, -5.0]], np.float32)
    plain, ranked = (
        float(np.asarray(window_loss(label_smoothing=0.0, ranking_weight=w)(both, even))[0])
        for w in (0.0, 1.0)
    )
    assert ranked - plain == pytest.approx(np.log(2.0), abs=1e-3)
