from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from daemon.errors import InputError
from model_build.lab.experiment import Data, Experiment, Model, Training
from model_build.lab.models.fitted_network import FittedNetwork
from model_build.lab.models.fitting import fit_network
from model_build.lab.models.networks import network
from model_build.lab.models.starting_weights import check_starting_files, load_starting_weights
from tests.model_build.lab.models.made_chunks import FRAMES, VALUES, made


def fitted(tmp_path: Path, model: Model, learning_rate: float) -> FittedNetwork:
    settings = Experiment(
        name="one",
        data=Data(layout="folders", path=str(tmp_path)),
        model=model,
        training=Training(epochs=1, learning_rate=learning_rate, weight_decay=0),
    )
    return fit_network(settings, made(), seed=1)


def test_a_network_starts_from_the_weights_of_a_run(tmp_path: Path) -> None:
    first = fitted(tmp_path, Model(kind="mlp", units=(8,)), 0.01)
    first.save(tmp_path)
    model = Model(kind="mlp", units=(8,), weights=str(tmp_path / "model.keras"))
    second = fitted(tmp_path, model, 1e-12)

    def hidden(one: Any) -> Any:
        return one.model.layers[-3].get_weights()[0]

    def last(one: Any) -> Any:
        return one.model.layers[-1].get_weights()[0]

    assert hidden(first).shape == (4 * VALUES, 8)
    assert hidden(second) == pytest.approx(hidden(first), abs=1e-6)
    assert np.abs(last(second) - last(first)).max() > 0.01, "the last layer is new"


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    fitted(tmp_path, Model(kind="mlp", units=(8,)), 0.01).save(tmp_path)
    model = Model(kind="mlp", units=(9,), weights=str(tmp_path / "model.keras"))
    made_network = network(model, frames=FRAMES, values=VALUES, classes=3)
    with pytest.raises(InputError, match="has other layers than this mlp"):
        load_starting_weights(made_network, model)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    file.write_text("<html>")
    model = Model(kind="mlp", weights=str(file))
    made_network = network(model, frames=FRAMES, values=VALUES, classes=3)
    with pytest.raises(InputError, match=r"model\.keras is not a network of Keras"):
        load_starting_weights(made_network, model)


def test_missing_files_are_refused_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"model.weights: .*gone.keras: no such file"):
        check_starting_files(Model(kind="mlp", weights=str(tmp_path / "gone.keras")))
    monkeypatch.setenv("TIMBREL_YAMNET", str(tmp_path / "gone.tflite"))
    with pytest.raises(InputError, match=r"gone.tflite: no such file"):
        check_starting_files(Model(kind="svm", trunk="yamnet"))


def test_a_resnet_starts_from_weights_made_for_colours(tmp_path: Path) -> None:
    colours = keras.applications.ResNet50(
        include_top=False, weights=None, input_shape=(32, 32, 3), name="resnet50"
    )
    colours.save_weights(tmp_path / "notop.weights.h5")
    model = Model(kind="resnet50", weights=str(tmp_path / "notop.weights.h5"))
    body = network(model, frames=FRAMES, values=VALUES, classes=3).get_layer("resnet50")
    expected = colours.get_layer("conv1_conv").get_weights()[0]
    assert np.array_equal(body.get_layer("conv1_conv").get_weights()[0], expected)
    (tmp_path / "damaged.h5").write_text("<html>")
    damaged = Model(kind="resnet50", weights=str(tmp_path / "damaged.h5"))
    with pytest.raises(InputError, match=r"damaged\.h5 has no weights of ResNet50"):
        network(damaged, frames=FRAMES, values=VALUES, classes=3)
