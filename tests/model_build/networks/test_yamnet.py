from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL, load_network
from daemon.hearing.log_mel import FrontEnd, LogMel
from model_build.networks.yamnet import (
    BANDS,
    CLASSES,
    EMBEDDING,
    PATCH_FRAMES,
    base_of,
    read_layers,
    yamnet,
)
from tests.model_build.conftest import tone

CHUNK_SAMPLES = 15_600


def test_in_keras_it_repeats_the_scores_of_the_file(base: Path) -> None:
    network, original = yamnet(base), load_network(base)
    noise = np.random.default_rng(1).normal(0, 0.1, CHUNK_SAMPLES).astype(np.float32)
    for samples in (tone(440.0, 0.975, 8), tone(110.0, 0.975, 1), noise):
        original.set_tensor(original.get_input_details()[0]["index"], samples)
        original.invoke()
        wanted = original.get_tensor(original.get_output_details()[0]["index"])[0]
        frames = LogMel(FrontEnd()).frames(samples)
        assert frames.shape == (PATCH_FRAMES, BANDS)
        said = network(frames[None], training=False)
        assert said["embedding"].shape == (1, EMBEDDING)
        scores = 1.0 / (1.0 + np.exp(-np.asarray(said["logits"])[0]))
        assert scores.shape == wanted.shape == (CLASSES,)
        np.testing.assert_allclose(scores, wanted, atol=0.1)  # its activations are int8


def test_its_layers_are_those_of_mobilenet(base: Path) -> None:
    layers = read_layers(base)
    assert len(layers) == 28
    assert layers[0].kernel.shape == (32, 3, 3, 1)
    assert all(len(layer.bias) in layer.kernel.shape for layer in layers)


def test_another_model_is_refused() -> None:
    with pytest.raises(InputError, match="is not YAMNet"):
        read_layers(BUILT_IN_MODEL)


def test_a_base_that_nobody_named_is_asked_for() -> None:
    with pytest.raises(InputError, match="--base FILE or TIMBREL_YAMNET"):
        base_of(None)
