from pathlib import Path

import pytest

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from model_build.networks.yamnet import base_of, read_layers


def test_layers_are_those_of_mobilenet(base: Path) -> None:
    layers = read_layers(base)
    assert len(layers) == 28
    assert layers[0].kernel.shape == (32, 3, 3, 1)
    assert all(len(layer.bias) in layer.kernel.shape for layer in layers)


def test_rejects_another_model() -> None:
    with pytest.raises(InputError, match="is not YAMNet"):
        read_layers(BUILT_IN_MODEL)


def test_missing_base_raises_with_remedy() -> None:
    with pytest.raises(InputError, match="--base FILE or TIMBREL_YAMNET"):
        base_of(None)
