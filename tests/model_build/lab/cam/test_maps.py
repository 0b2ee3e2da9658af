import keras
import msgspec
import numpy as np
import pytest

from daemon.errors import InputError
from model_build.lab.cam.maps import Map, class_map, cut
from model_build.lab.experiment import Model
from model_build.lab.models.model import LOGITS
from model_build.lab.models.networks import network
from tests.model_build.lab.models.made_chunks import FRAMES, VALUES

CHUNK = np.random.default_rng(1).normal(size=(FRAMES, VALUES)).astype(np.float32)


def random_network(kind: str) -> keras.Model:
    keras.utils.set_random_seed(1)
    settings = msgspec.convert({"kind": kind}, Model)
    return network(settings, frames=FRAMES, values=VALUES, classes=3)


def maps(kind: str, how: str) -> Map:
    return class_map(cut(random_network(kind)), CHUNK, 1, how)


@pytest.mark.parametrize("kind", ["mel-cnn", "nsynth-cnn", "transformer", "resnet50"])
def test_both_ways_agree_where_the_last_layer_follows_the_mean(kind: str) -> None:
    # Selvaraju et al. prove that Grad-CAM generalizes CAM, whose weights are then the gradients.
    assert maps(kind, "cam") == pytest.approx(maps(kind, "grad-cam"), abs=1e-4)


@pytest.mark.parametrize("kind", ["musicnet-cnn", "resnet34", "resnet50", "transformer"])
def test_every_network_over_time_has_a_map_of_the_size_of_a_chunk(kind: str) -> None:
    found = maps(kind, "grad-cam")
    assert found.shape == CHUNK.shape
    assert found.min() >= 0.0
    assert found.max() == pytest.approx(1.0) or not found.any()


def test_a_map_of_frames_is_the_same_in_all_bands() -> None:
    found = maps("transformer", "cam")
    assert np.ptp(found, axis=1).max() < 1e-6
    assert np.ptp(found[:, 0]) > 0.1


def test_the_highest_value_has_a_map_by_its_gradient() -> None:
    settings = Model(kind="mel-cnn", pool="max")
    made_cut = cut(network(settings, frames=FRAMES, values=VALUES, classes=3))
    assert class_map(made_cut, CHUNK, 0, "grad-cam").shape == CHUNK.shape
    with pytest.raises(InputError, match="use grad-cam"):
        class_map(made_cut, CHUNK, 0, "cam")


def test_what_a_network_cannot_show_is_refused() -> None:
    with pytest.raises(InputError, match="takes no mean over time"):
        cut(random_network("mlp"))
    with pytest.raises(InputError, match="use grad-cam"):
        maps("musicnet-cnn", "cam")


@pytest.mark.parametrize("how", ["cam", "grad-cam"])
def test_the_map_shows_what_the_class_is_recognised_by(how: str) -> None:
    # The first class is recognised by positive values, the second by negative ones.
    chunk = keras.Input((FRAMES, VALUES))
    image = keras.layers.Reshape((FRAMES, VALUES, 1))(chunk)
    signs = keras.layers.Conv2D(2, 1, use_bias=False, activation="relu")
    pooled = keras.layers.GlobalAveragePooling2D()(signs(image))
    logits = keras.layers.Dense(2, name=LOGITS)
    made_network = keras.Model(chunk, logits(pooled))
    signs.set_weights([np.array([1.0, -1.0]).reshape(1, 1, 1, 2)])
    logits.set_weights([np.eye(2), np.zeros(2)])
    sound = np.zeros((FRAMES, VALUES), np.float32)
    sound[5:10, 20:25], sound[30:35, 2:6] = 2.0, -1.0
    for place, expected in enumerate((sound > 0, sound < 0)):
        found = class_map(cut(made_network), sound, place, how)
        assert found == pytest.approx(expected.astype(np.float32), abs=1e-6)
