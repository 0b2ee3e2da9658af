import numpy as np
import pytest
import tensorflow as tf

from model_build.lab.models.losses import UNKNOWN, loss_of, share_of_right

FAR = [[-30.0, 30.0]]
"""Logits that a sigmoid in float32 cannot tell from 0 and 1."""


def loss_and_gradient(
    name: str, targets: list[list[float]], logits: list[list[float]]
) -> list[float]:
    """Return the loss and the gradient of both logits, computed in a graph, as in a training."""

    @tf.function  # type: ignore[untyped-decorator]
    def computed(given: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(given)
            loss = loss_of(name)(tf.constant(targets), given)
        return loss, tape.gradient(loss, given)

    loss, gradient = computed(tf.constant(logits))
    return [float(loss[0]), *np.ravel(gradient).tolist()]


def test_both_binary_losses_agree_on_small_logits() -> None:
    by_probability = loss_and_gradient("bce", [[0.0, 1.0]], [[-1.0, 2.0]])
    assert by_probability == pytest.approx(
        loss_and_gradient("bce-logits", [[0.0, 1.0]], [[-1.0, 2.0]]), abs=1e-6
    )


def test_only_the_loss_from_logits_learns_from_sure_mistakes() -> None:
    loss, *gradient = loss_and_gradient("bce-logits", [[1.0, 0.0]], FAR)
    assert loss == pytest.approx(30.0)
    assert gradient == pytest.approx([-0.5, 0.5])
    loss, *gradient = loss_and_gradient("bce", [[1.0, 0.0]], FAR)
    assert loss == pytest.approx(-np.log(1e-7), rel=0.02)
    assert gradient == [0.0, 0.0]


def test_the_share_of_right_decisions_counts_known_classes_only() -> None:
    targets = tf.constant([[1.0, 0.0, UNKNOWN], [1.0, UNKNOWN, UNKNOWN]])
    logits = tf.constant([[2.0, 1.0, 3.0], [-1.0, 5.0, 5.0]])
    assert np.asarray(share_of_right(targets, logits)).tolist() == [0.5, 0.0]
