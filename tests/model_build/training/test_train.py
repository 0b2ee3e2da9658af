from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest

from daemon.errors import InputError
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import RunFolder
from model_build.training import train as training


@pytest.fixture
def recipe(recipe_file: Path) -> Recipe:
    return read_recipe(recipe_file)


@pytest.fixture
def run(features_run: RunFolder) -> RunFolder:
    return features_run


@pytest.fixture(scope="module")
def uninterrupted(pristine_training: Path) -> RunFolder:
    """A run with the same features, fitted in another training."""
    return RunFolder(pristine_training)


def epochs(run: RunFolder) -> int:
    return len(msgspec.json.decode(run.history.read_bytes())["loss"])


def test_same_seed_gives_same_weights(
    recipe: Recipe, run: RunFolder, uninterrupted: RunFolder
) -> None:
    training.train(recipe, run)
    first = training.load_fitted(run).get_weights()
    assert epochs(run) == 3
    assert "keras" in msgspec.json.decode(run.environment.read_bytes())
    again = training.load_fitted(uninterrupted).get_weights()
    for one, other in zip(first, again, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_resume_continues_after_last_completed_epoch(
    recipe: Recipe, run: RunFolder, uninterrupted: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    callbacks = training._callbacks

    class Interrupt(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
            if epoch == 2:
                raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training, "_callbacks", lambda *a: [*callbacks(*a), Interrupt()])
        with pytest.raises(KeyboardInterrupt):
            training.train(recipe, run)
    assert not run.fitted.exists()
    figures = training.train(recipe, run, resume=True)
    assert epochs(run) == 1
    made = run.fitted.stat()
    assert training.train(recipe, run, resume=True) == pytest.approx(figures)
    assert run.fitted.stat() == made, "a finished training was repeated"
    resumed = training.load_fitted(run).get_weights()
    whole = training.load_fitted(uninterrupted).get_weights()
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_missing_network_raises_with_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run timbrel-build train first"):
        training.load_fitted(RunFolder(tmp_path))
