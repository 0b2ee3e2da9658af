import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.errors import InputError
from model_build.__main__ import main
from model_build.lab.experiment import read_experiment
from model_build.lab.h2o.import_h2o import import_h2o
from tests.model_build.corpus.formats.samples import needs_samples, sample

SMALL: dict[str, Any] = {
    "experiment_name": "Bird_Songs (2)",
    "audio": {"sample_rate": 16000, "maximum_frequency": 16000, "minimum_frequency": 0},
    "dataset": {
        "audio_column": "file",
        "group_fold_column": "site",
        "label_columns": "species",
        "selected_folds": ["0"],
        "train_dataframe": "train.pq",
        "test_dataframe": "None",
        "validation_strategy": "kfold",
    },
    "training": {"loss_function": "CrossEntropy", "drop_last_batch": True},
}


def written(folder: Path, **changes: dict[str, Any]) -> Path:
    file = folder / "h2o.yaml"
    values = {name: {**SMALL.get(name, {}), **more} for name, more in changes.items()}
    file.write_text(yaml.safe_dump({**SMALL, **values}))
    return file


@needs_samples
def test_imports_use_case_85_as_it_stands(tmp_path: Path) -> None:
    found = import_h2o(sample("filename_class") / "h2o-use-case-85.yaml")
    experiment = found.experiment
    assert experiment.name == "85-musical-instruments-audio-classification"
    assert experiment.seed == -1
    assert experiment.data.path.endswith("Metadata_Train.csv")
    assert experiment.data.label_columns == ("Class",)
    assert experiment.front_end.bands == 128
    assert experiment.front_end.frame_samples == 2_048
    assert experiment.front_end.chunk_seconds == 60
    assert experiment.model.kind == "resnet50"
    assert experiment.loss == "bce"
    assert experiment.augmentation is None
    assert experiment.validation.strategy == "k-fold"
    assert experiment.validation.chosen_folds == (4,)
    assert experiment.validation.metric == "roc_auc_macro"
    assert any("FileName, the file name: it groups nothing" in one for one in found.changed)
    assert any("does not state their number; it is 5" in one for one in found.changed)
    assert any("random weights" in one for one in found.changed)
    assert "training.drop_last_batch" in found.ignored
    assert "training.epochs" not in found.ignored
    file = tmp_path / "imported.yaml"
    file.write_text(found.yaml, encoding="utf-8")
    assert read_experiment(file) == experiment


def test_reads_the_variants_of_the_catalogue(tmp_path: Path) -> None:
    found = import_h2o(written(tmp_path))
    experiment = found.experiment
    assert experiment.name == "bird-songs-2"
    assert experiment.data.path == "train.pq"
    assert experiment.data.test_path == ""
    assert experiment.data.label_columns == ("species",)
    assert experiment.data.group_column == "site"
    assert experiment.validation.strategy == "group-k-fold"
    assert experiment.validation.chosen_folds == (0,)
    assert experiment.front_end.high_hz == 8_000
    assert any("exceeds half the sample rate; it is 8000 now" in one for one in found.changed)
    assert found.ignored == ["training.drop_last_batch"]


def test_folds_that_both_keys_name_are_chosen_once(tmp_path: Path) -> None:
    folds = {"folds": ["0", "3"], "selected_folds": ["0", "3"]}
    assert import_h2o(written(tmp_path, dataset=folds)).experiment.validation.chosen_folds == (0, 3)


def test_several_label_columns_are_classes(tmp_path: Path) -> None:
    columns = {"label_columns": ["a", "b"]}
    found = import_h2o(written(tmp_path, dataset=columns, training={"loss_function": "BCE"}))
    assert found.experiment.data.multi_label
    assert found.experiment.data.label_columns == ("a", "b")


def test_accuracy_of_several_labels_becomes_another_figure(tmp_path: Path) -> None:
    columns = {"label_columns": ["a", "b"]}
    sections = {"training": {"loss_function": "BCE"}, "prediction": {"metric": "Accuracy"}}
    found = import_h2o(written(tmp_path, dataset=columns, **sections))
    assert found.experiment.metric == "roc_auc_macro"
    assert any("several labels have no accuracy" in one for one in found.changed)


def test_mixing_and_holding_out(tmp_path: Path) -> None:
    found = import_h2o(
        written(
            tmp_path,
            augmentation={"mix_audio": "Mixup", "mix_concentration": 0.4},
            dataset={"validation_strategy": "automatic", "validation_size": 0.25},
        )
    )
    assert found.experiment.augmentation is not None
    assert found.experiment.augmentation.mixup_alpha == 0.4
    assert found.experiment.validation.strategy == "hold-out"
    assert found.experiment.validation.fraction == 0.25


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dataset": {"problem_type": "speech_recognition"}}, "its problem is speech_recognition"),
        ({"dataset": {"problem_type": "audio_regression"}}, "its problem is audio_regression"),
        ({"training": {"loss_function": "MSE"}}, "its problem is MSE"),
        ({"dataset": {"train_dataframe": "None"}}, "dataset.train_dataframe is missing"),
        ({"dataset": {"label_columns": []}}, "dataset.label_columns is missing"),
        ({"audio": {"sample_rate": "high"}}, "audio.sample_rate: 'high' is not a number"),
        ({"audio": {"sample_rate": math.inf}}, "audio.sample_rate: inf is not a number"),
        ({"dataset": {"selected_folds": "All"}}, "'All' is not a list of whole numbers"),
        ({"dataset": {"folds": [1.5]}}, "dataset.folds: [1.5] is not a list of whole numbers"),
        ({"training": {"epochs": 0}}, "the lab cannot run it"),
    ],
)
def test_refuses_what_the_lab_cannot_run(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as raised:
        import_h2o(written(tmp_path, **changes))
    assert said in str(raised.value)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    for text in ("a: b", "[1, 2", "- 1"):
        file.write_text(text)
        with pytest.raises(InputError, match=r"other\.yaml"):
            import_h2o(file)


def test_command_prints_an_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "import-h2o", str(written(tmp_path))]) == 0
    shown = capsys.readouterr().out
    assert "name: bird-songs-2" in shown
    assert "# ignored: training.drop_last_batch" in shown


def test_section_without_keys_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(content | {"audio": "Auto"}), encoding="utf-8")
    with pytest.raises(InputError, match="audio has no keys below it; export it again"):
        import_h2o(file)
