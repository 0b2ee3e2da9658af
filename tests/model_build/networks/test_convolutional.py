import math

import keras
import numpy as np

from model_build.networks.convolutional import build_network, pool_patches
from model_build.recipe import Block, Network

TABLE = Network(blocks=(Block(filters=4, stride=2), Block(filters=8, stride=2)), dropout=0.5)


def multiplications(network: keras.Model) -> int:
    """Return the multiply-accumulates of one patch in the convolutions and the last layer."""
    return sum(
        math.prod(weight.shape) * math.prod(layer.output.shape[1:-1])
        for layer in network.layers
        for weight in layer.trainable_weights
        if weight.path.endswith("kernel")
    )


def test_network_has_the_multiplications_of_its_table() -> None:
    convolutions = 48 * 32 * 9 * 1 * 4 + 24 * 16 * 9 * 4 * 8
    assert multiplications(build_network(TABLE, 96, 64, 3)) == convolutions + 8 * 3


def test_pooled_logits_are_the_mean_over_patches() -> None:
    network = build_network(TABLE, 96, 64, 3)
    windows = np.random.default_rng(1).normal(size=(5, 4, 96, 64)).astype(np.float32)
    by_window = np.asarray(pool_patches(network, 4)(windows, training=False))
    by_patch = np.asarray(network(windows.reshape(-1, 96, 64), training=False))
    np.testing.assert_allclose(by_window, by_patch.reshape(5, 4, 3).mean(axis=1), atol=1e-5)
