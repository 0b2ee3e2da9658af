import numpy as np
import pytest

from daemon.practice.harmony.chord_features import ChordFeatures
from daemon.practice.harmony.chord_network import ChordNetwork
from model_build.chords.network import Frames, _logits, accuracy, first_weights, fitted


def random_features(rng: np.random.Generator, frames: int) -> ChordFeatures:
    chroma = rng.random((frames, 6, 12)).astype(np.float32)
    return ChordFeatures(chroma, rng.normal(size=(frames, 6)).astype(np.float32))


def test_tensorflow_and_numpy_compute_the_same() -> None:
    rng = np.random.default_rng(0)
    weights, features = first_weights(rng), random_features(rng, 7)
    expected = _logits(weights, features.chroma, features.level).numpy()
    expected -= np.log(np.exp(expected).sum(axis=1, keepdims=True))
    found = ChordNetwork(weights).log_chances(features)
    assert found == pytest.approx(expected, abs=1e-5)
    assert np.exp(found).sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_transposed_frame_has_the_transposed_chances() -> None:
    rng = np.random.default_rng(1)
    network, features = ChordNetwork(first_weights(rng)), random_features(rng, 3)
    for steps in range(12):
        turned = features._replace(chroma=np.roll(features.chroma, steps, axis=2))
        low, high = network.log_chances(features), network.log_chances(turned)
        for mode in (0, 12):
            expected = np.roll(low[:, mode : mode + 12], steps, axis=1)
            assert high[:, mode : mode + 12] == pytest.approx(expected, abs=1e-4)
        assert high[:, 24] == pytest.approx(low[:, 24], abs=1e-4)


def test_the_network_has_about_1500_parameters() -> None:
    weights = first_weights(np.random.default_rng(2))
    assert 1_400 < sum(weight.size for weight in weights.values()) < 1_700


def test_a_short_fit_learns_triads() -> None:
    rng = np.random.default_rng(3)
    classes = rng.integers(25, size=3_000)
    chroma = 0.1 * rng.random((3_000, 6, 12)).astype(np.float32)
    for frame, number in enumerate(classes):
        if number < 24:
            third = 4 if number < 12 else 3
            chroma[frame][:, [(number + step) % 12 for step in (0, third, 7)]] += 0.8
    frames = Frames(chroma, np.zeros((3_000, 6), np.float32), classes)
    weights = fitted(frames, rng, steps=150)
    assert float(accuracy(ChordNetwork(weights), frames).split()[1]) > 0.95
