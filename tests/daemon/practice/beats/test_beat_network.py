from io import BytesIO

import numpy as np
import pytest

from daemon.practice.beats.beat_network import (
    FEATURES,
    FRAME_SECONDS,
    FRAMES_PER_SECOND,
    BeatNetwork,
    beat_features,
    built_in_network,
    read_network,
)


def weights(network: BeatNetwork) -> int:
    return sum(array.size for array in network[2:-1])


def test_the_built_in_network_has_3778_weights() -> None:
    network = built_in_network()
    assert weights(network) == 3_778
    assert network.mean.shape == network.deviation.shape == (FEATURES,)
    assert all(np.isfinite(array).all() for array in network)


def test_a_network_survives_its_file() -> None:
    file = BytesIO()
    built_in_network().write(file)
    file.seek(0)
    for written, read in zip(built_in_network(), read_network(file), strict=True):
        assert written.tobytes() == read.tobytes()


def test_features_are_means_of_levels_and_larger_rises() -> None:
    levels = np.zeros((5, 64), np.float32)
    rise = np.zeros((5, 64), np.float32)
    levels[2, 3:6] = -3.0
    rise[3, 6:9] = 1.5
    features = beat_features(levels, rise)
    assert features.shape == (2, FEATURES)
    assert features[1, 1] == pytest.approx(-1.5)
    assert features[1, 21 + 2] == pytest.approx(1.5)
    assert np.count_nonzero(features) == 2


def test_the_activation_peaks_at_strokes() -> None:
    rng = np.random.default_rng(1)
    levels = rng.normal(-4.0, 0.1, (1_600, 64)).astype(np.float32)
    rise = np.zeros_like(levels)
    strokes = np.arange(40, 1_600, 50)
    for after in range(12):
        kept = strokes[strokes + after < 1_600] + after
        levels[kept] = -0.4 * after
    rise[strokes] = 3.0
    activation = built_in_network().activation(beat_features(levels, rise))
    assert activation.shape == (800,)
    assert 0.0 <= activation.min() <= activation.max() <= 1.0
    at_strokes = np.max([activation[strokes // 2 + k] for k in (-1, 0, 1)], axis=0)
    assert np.median(at_strokes[4:-4]) > 5.0 * np.median(activation)


def test_a_frame_hears_five_seconds_to_either_side() -> None:
    features = np.zeros((1_200, FEATURES), np.float32)
    changed = features.copy()
    changed[600] += 3.0
    moved = built_in_network().logits(changed) != built_in_network().logits(features)
    frames = np.flatnonzero(moved.any(axis=1))
    assert 600 - frames[0] <= 255
    assert frames[-1] - 600 <= 255
    assert frames[-1] - frames[0] > 100


def test_frames_have_the_documented_times() -> None:
    # Two frames of 25 ms, 10 ms apart: their middles are 12.5 and 22.5 ms after the start.
    assert pytest.approx((0.0125 + 0.0225) / 2) == FRAME_SECONDS
    assert FRAMES_PER_SECOND == 50
