from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest

import model_build.training.train as training
from daemon.errors import InputError
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import RunFolder


@pytest.fixture
def recipe(recipe_file: Path) -> Recipe:
    return read_recipe(recipe_file)


@pytest.fixture
def run(features_run: RunFolder) -> RunFolder:
    return features_run


@pytest.fixture(scope="module")
def uninterrupted(pristine_training: Path) -> RunFolder:
    """The same, fitted in another training."""
    return RunFolder(pristine_training)


def epochs(run: RunFolder) -> int:
    return len(msgspec.json.decode(run.history.read_bytes())["loss"])


@pytest.mark.timeout(300)
def test_same_seed_same_weights_and_they_are_kept(
    recipe: Recipe, run: RunFolder, uninterrupted: RunFolder
) -> None:
    training.train(recipe, run)
    first = training.trained(run).get_weights()
    assert epochs(run) == 3
    assert "keras" in msgspec.json.decode(run.environment.read_bytes())
    again = training.trained(uninterrupted).get_weights()
    for one, other in zip(first, again, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.timeout(300)
def test_resume_goes_on_after_the_last_whole_epoch(
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
    assert run.fitted.stat() == made, "a finished training is not repeated"
    resumed = training.trained(run).get_weights()
    whole = training.trained(uninterrupted).get_weights()
    for one, other in zip(resumed, whole, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_a_network_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run timbrel-build train first"):
        training.trained(RunFolder(tmp_path))


def test_a_backup_that_was_cut_short_is_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder(tmp_path)
    assert training._epochs_done(run) == 0
    run.backup.mkdir(parents=True)
    metadata = run.backup / "training_metadata.json"
    metadata.write_text('{"epoch": 7, "batch": 0}')
    assert training._epochs_done(run) == 7
    metadata.write_text('{"epo')
    assert training._epochs_done(run) == 0
    assert not run.backup.exists()
    assert "training starts anew" in capsys.readouterr().err
