from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.lab.experiment import read_experiment
from model_build.lab.experiment.changes import Changes
from tests.conftest import ROOT

MLP = ROOT / "configs" / "lab" / "drums-mlp.yaml"


def test_without_options_nothing_changes() -> None:
    assert Changes().read(MLP) == read_experiment(MLP)


def test_data_are_replaced() -> None:
    experiment = Changes(path=Path("elsewhere")).read(MLP)
    assert experiment.data.path == "elsewhere"
    assert experiment.data.only == read_experiment(MLP).data.only


def test_a_sample_is_small_and_has_a_folder_of_its_own() -> None:
    experiment = Changes(is_sample=True).read(MLP)
    assert experiment.name == "drums-mlp-sample"
    assert experiment.training is not None
    assert experiment.training.epochs == 1
    assert experiment.training.batch_chunks == 128
    assert (experiment.validation.folds, experiment.validation.leak_check) == (2, False)
    assert Changes(is_sample=True).read(MLP.with_name("drums-forest.yaml")).training is None


def test_a_sample_has_few_copies_and_a_small_trunk() -> None:
    experiment = Changes(is_sample=True).read(MLP.with_name("drums-trunk.yaml"))
    assert experiment.model.trunk_layer == 2
    augmentation = Changes(is_sample=True).read(MLP.with_name("drums-forest.yaml")).augmentation
    assert augmentation is not None
    assert augmentation.copies == 1


def test_a_sample_of_a_slow_network_runs_one_fold() -> None:
    experiment = Changes(is_sample=True).read(MLP.with_name("h2o-use-case-85.yaml"))
    assert (experiment.validation.folds, experiment.validation.chosen_folds) == (2, (0,))


def test_test_data_of_a_layout_without_them_are_refused() -> None:
    with pytest.raises(InputError, match=r"nsynth-stft-cnn\.yaml: .*test_path belongs to"):
        Changes(test_path="elsewhere").read(MLP.with_name("nsynth-stft-cnn.yaml"))


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    with pytest.raises(InputError, match="path: a URL must not contain a password") as raised:
        Changes(path="zip://drums::sftp://me:secret@host/drums.zip").read(MLP)
    assert "secret" not in str(raised.value)


def test_data_are_those_of_another_experiment() -> None:
    trunk = MLP.with_name("phrases-trunk.yaml")
    experiment = Changes(data_from=trunk, path="elsewhere").read(
        MLP.with_name("nsynth-stft-cnn.yaml")
    )
    assert experiment.name == "nsynth-stft-cnn-on-phrases-trunk"
    assert (experiment.data.layout, experiment.data.path) == ("corpus", "elsewhere")
    assert experiment.model.kind == "nsynth-cnn"


def test_data_that_contradict_the_experiment_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "one-class.yaml"
    text = MLP.with_name("drums-cnn.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("training: {", "training: {loss: cross-entropy, "))
    several_labels = MLP.with_name("musicnet-cnn-bce.yaml")
    with pytest.raises(InputError, match=r"one-class\.yaml with the data of .*cross-entropy"):
        Changes(data_from=several_labels).read(file)


def test_values_are_set_after_the_data() -> None:
    changes = Changes(data_from=MLP, assignments=("data.only=[kick, snare]", "training.epochs=3"))
    experiment = changes.read(MLP.with_name("nsynth-stft-cnn.yaml"))
    assert experiment.data.only == ("kick", "snare")
    assert experiment.training is not None
    assert experiment.training.epochs == 3
