from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.classifier import Classifier, load_classifier
from daemon.sound.sound_file import read_sound
from daemon.sound.window import WindowBuffer
from model_build.evaluation.models import float_model, our_model, peer_model
from tests.conftest import MEDLEY
from tests.daemon.observations import score_file


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def test_our_scores_equal_those_of_the_replay(classifier: Classifier) -> None:
    first = next(score_file(str(MEDLEY), classifier, 4.0))
    np.testing.assert_array_equal(
        our_model(classifier).score(read_sound(str(MEDLEY))), first.scores
    )


def test_pads_short_sound(classifier: Classifier, base: Path) -> None:
    short = read_sound(str(MEDLEY))[:30_000]
    padded = np.pad(short, (0, 34_000))
    np.testing.assert_array_equal(peer_model(base).score(short), peer_model(base).score(padded))
    # The daemon's filter changes silence in the sound a little, but not its own padding.
    ours = our_model(classifier)
    np.testing.assert_allclose(ours.score(short), ours.score(padded), atol=0.005)


def test_peer_scores_do_not_depend_on_level(base: Path) -> None:
    peer = peer_model(base)
    samples = read_sound(str(MEDLEY))[:64_000]
    assert peer.thresholds is None
    quiet = samples * np.float32(0.1)
    np.testing.assert_allclose(peer.score(samples), peer.score(quiet), atol=0.02)


def test_float_network_uses_contract_of_quantized_one(
    classifier: Classifier, tmp_path: Path
) -> None:
    import keras

    contract = classifier.contract
    patch = keras.Input((contract.patch_frames, contract.front_end.bands))
    mean = keras.layers.GlobalAveragePooling1D()(patch)
    logits = keras.layers.Dense(len(contract.families))(mean)
    network = keras.Model(patch, logits)
    network.save(tmp_path / "network.keras")
    model = float_model(tmp_path / "network.keras", classifier)
    weights, bias = network.get_weights()
    samples = read_sound(str(MEDLEY))[:64_000]
    from daemon.hearing.log_mel import LogMel

    window = next(WindowBuffer(4.0).push(samples))
    frames = LogMel(contract.front_end).frames(window.samples)
    patches = [frames[s : s + contract.patch_frames].mean(axis=0) for s in contract.patch_starts]
    expected = classifier.calibrated(np.mean(patches, axis=0) @ weights + bias)
    np.testing.assert_allclose(model.score(samples), expected, atol=1e-5)
