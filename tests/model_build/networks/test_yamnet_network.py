from pathlib import Path

import numpy as np

from daemon.hearing.classifier import load_network
from daemon.hearing.log_mel import FrontEnd, LogMel
from model_build.networks.yamnet import BANDS, CLASSES, EMBEDDING, PATCH_FRAMES
from model_build.networks.yamnet_network import build_yamnet
from tests.model_build.conftest import tone

CHUNK_SAMPLES = 15_600


def test_keras_network_gives_scores_of_the_file(base: Path) -> None:
    network, original = build_yamnet(base), load_network(base)
    noise = np.random.default_rng(1).normal(0, 0.1, CHUNK_SAMPLES).astype(np.float32)
    for samples in (tone(440.0, 0.975, 8), tone(110.0, 0.975, 1), noise):
        original.set_tensor(original.get_input_details()[0]["index"], samples)
        original.invoke()
        expected = original.get_tensor(original.get_output_details()[0]["index"])[0]
        frames = LogMel(FrontEnd()).frames(samples)
        assert frames.shape == (PATCH_FRAMES, BANDS)
        outputs = network(frames[None], training=False)
        assert outputs["embedding"].shape == (1, EMBEDDING)
        scores = 1.0 / (1.0 + np.exp(-np.asarray(outputs["logits"])[0]))
        assert scores.shape == expected.shape == (CLASSES,)
        np.testing.assert_allclose(scores, expected, atol=0.1)  # the file's activations are int8
