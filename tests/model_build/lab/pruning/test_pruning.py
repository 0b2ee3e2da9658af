import keras
import msgspec
import numpy as np
import pytest

from model_build.lab.experiment import Data, Experiment, Model, Pruning, Training
from model_build.lab.models.fitted_network import FittedNetwork
from model_build.lab.models.fitting import fit_network
from model_build.lab.models.networks import network
from model_build.lab.pruning.cost import costs
from model_build.lab.pruning.masks import channel_masks, magnitude_masks, removed_share
from model_build.lab.pruning.prune import pruned
from model_build.lab.pruning.shrunk import shrunk
from tests.model_build.lab.models.made_chunks import FRAMES, VALUES, made

RNG = np.random.default_rng(1)
CHUNKS = RNG.normal(size=(8, FRAMES, VALUES)).astype(np.float32)


def random_network(kind: str) -> keras.Model:
    """Return a network whose batch normalizations and biases are not those of the start."""
    keras.utils.set_random_seed(1)
    settings = msgspec.convert({"kind": kind}, Model)
    made = network(settings, frames=FRAMES, values=VALUES, classes=3)
    for variable in made.variables:
        if variable.name in ("gamma", "moving_variance"):
            variable.assign(RNG.uniform(0.5, 2.0, variable.shape))
        elif variable.name in ("beta", "bias", "moving_mean"):
            variable.assign(RNG.normal(size=variable.shape) * 0.1)
    return made


def experiment(**pruning: object) -> Experiment:
    return Experiment(
        name="pruned",
        data=Data(layout="folders", path="somewhere"),
        model=Model(kind="musicnet-cnn"),
        training=Training(epochs=25, batch_chunks=8, learning_rate=0.01),
        pruning=Pruning(epochs=3, learning_rate=0.001, **pruning),  # type: ignore[arg-type]
    )


def test_the_removed_share_rises_fast_and_then_slower() -> None:
    shares = [removed_share(epoch, 4, 0.8) for epoch in range(6)]
    assert shares == pytest.approx([0.4625, 0.7, 0.7875, 0.8, 0.8, 0.8])
    assert removed_share(0, 0, 0.8) == 0.8


def test_the_smallest_weights_are_removed() -> None:
    model = random_network("mel-cnn")
    masks = magnitude_masks(model, 0.25)
    for kernel, kept in masks:
        assert kept.sum() == pytest.approx(0.75 * kept.size, abs=1)
        size = np.abs(np.asarray(kernel))
        assert size[kept == 0].max() <= size[kept == 1].min()
    assert not any(kernel is model.get_layer("logits").kernel for kernel, _ in masks)


@pytest.mark.parametrize("kind", ["mlp", "mel-cnn", "musicnet-cnn", "nsynth-cnn"])
def test_a_network_without_its_removed_channels_has_the_same_output(kind: str) -> None:
    model = random_network(kind)
    before = np.asarray(model(CHUNKS))
    for variable, kept in channel_masks(model, 0.5):
        variable.assign(variable * kept)
    masked = np.asarray(model(CHUNKS))
    small = shrunk(model)
    assert np.abs(masked - before).max() > 0.01
    assert np.asarray(small(CHUNKS)) == pytest.approx(masked, abs=1e-4)
    assert small.count_params() < 0.6 * model.count_params()


def test_a_layer_keeps_at_least_one_channel() -> None:
    model = random_network("mel-cnn")
    for variable, kept in channel_masks(model, 0.999):
        assert kept.any(), variable.path
        variable.assign(variable * kept)
    assert np.isfinite(np.asarray(shrunk(model)(CHUNKS))).all()


@pytest.fixture(scope="module")
def fitted() -> FittedNetwork:
    return fit_network(experiment(kind="magnitude"), made(), seed=1)


def accuracy(model: FittedNetwork) -> float:
    data = made(seed=2)
    return float((model.scores(data.values).argmax(axis=1) == data.truth.has.argmax(axis=1)).mean())


@pytest.fixture(scope="module")
def small(fitted: FittedNetwork) -> FittedNetwork:
    return pruned(experiment(kind="channels"), fitted, made(), seed=1)


def test_channels_make_the_file_smaller(fitted: FittedNetwork, small: FittedNetwork) -> None:
    assert accuracy(fitted) == 1.0
    assert accuracy(small) >= 0.95
    before, after = costs([fitted.model, small.model], CHUNKS)
    assert after.weights < 0.5 * before.weights
    assert after.bytes < before.bytes
    assert small.model.get_layer("logits").kernel.shape == (64, 3)


def test_magnitude_makes_the_compressed_file_smaller(fitted: FittedNetwork) -> None:
    sparse = pruned(experiment(kind="magnitude", share=0.8), fitted, made(), seed=1)
    assert accuracy(sparse) >= 0.95
    before, after = costs([fitted.model, sparse.model], CHUNKS)
    assert after.weights < 0.3 * before.weights
    assert after.bytes == pytest.approx(before.bytes, rel=0.01)
    assert after.compressed_bytes < before.compressed_bytes


def test_the_same_seed_gives_the_same_pruned_network(
    fitted: FittedNetwork, small: FittedNetwork
) -> None:
    before = fitted.scores(CHUNKS)
    again = pruned(experiment(kind="channels"), fitted, made(), seed=1)
    assert np.array_equal(small.scores(CHUNKS), again.scores(CHUNKS))
    assert np.array_equal(fitted.scores(CHUNKS), before), "the trained network stays as it is"
