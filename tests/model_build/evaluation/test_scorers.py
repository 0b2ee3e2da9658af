from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.classifier import Classifier, load_classifier
from daemon.hearing.pipeline import heard_in
from daemon.sound.sound_file import read_sound
from daemon.sound.window import WindowBuffer
from model_build.evaluation.scorers import Ear, float_ear, our_ear, peer_ear
from tests.conftest import MEDLEY


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def test_ours_hears_what_the_replay_hears(classifier: Classifier) -> None:
    first = next(heard_in(str(MEDLEY), classifier, 4.0))
    np.testing.assert_array_equal(our_ear(classifier).hear(read_sound(str(MEDLEY))), first.scores)


def test_short_sound_is_padded(classifier: Classifier, base: Path) -> None:
    short = read_sound(str(MEDLEY))[:30_000]
    padded = np.pad(short, (0, 34_000))
    np.testing.assert_array_equal(peer_ear(base).hear(short), peer_ear(base).hear(padded))
    # Silence in the sound is filtered like the rest of it; padding is exact silence.
    ours = our_ear(classifier)
    np.testing.assert_allclose(ours.hear(short), ours.hear(padded), atol=0.005)


def test_the_peer_hears_the_same_at_any_level(base: Path) -> None:
    ear = peer_ear(base)
    samples = read_sound(str(MEDLEY))[:64_000]
    assert ear.thresholds is None
    np.testing.assert_allclose(ear.hear(samples), ear.hear(samples * np.float32(0.1)), atol=0.02)


def test_the_float_network_is_read_as_the_quantised_one(
    classifier: Classifier, tmp_path: Path
) -> None:
    import keras

    contract = classifier.contract
    patch = keras.Input((contract.patch_frames, contract.front_end.bands))
    mean = keras.layers.GlobalAveragePooling1D()(patch)
    logits = keras.layers.Dense(len(contract.families))(mean)
    network = keras.Model(patch, logits)
    network.save(tmp_path / "network.keras")
    ear: Ear = float_ear(tmp_path / "network.keras", classifier)
    weights, bias = network.get_weights()
    samples = read_sound(str(MEDLEY))[:64_000]
    from daemon.hearing.log_mel import LogMel

    window = next(WindowBuffer(4.0).push(samples))
    frames = LogMel(contract.front_end).frames(window.samples)
    patches = [frames[s : s + contract.patch_frames].mean(axis=0) for s in contract.patch_starts]
    expected = classifier.calibrated(np.mean(patches, axis=0) @ weights + bias)
    np.testing.assert_allclose(ear.hear(samples), expected, atol=1e-5)
