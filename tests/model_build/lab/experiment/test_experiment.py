import pickle
from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.lab.experiment import read_experiment

FOREST = """\
name: drums-forest
data:
  layout: table
  path: labels.csv
  file_column: FileName
  label_columns: [Class]
model:
  kind: forest
"""
NETWORK = FOREST.replace("kind: forest", "kind: mel-cnn") + "training:\n  epochs: 3\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "experiment.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_thresholds_of_classes_belong_to_several_labels(tmp_path: Path) -> None:
    text = FOREST + "output: {thresholds: best-f1}\n"
    with pytest.raises(InputError, match="best-f1 belongs to data"):
        read_experiment(written(tmp_path, text))
    several = text.replace("path: labels.csv", "path: labels.csv\n  multi_label: true")
    assert read_experiment(written(tmp_path, several)).output.thresholds == "best-f1"


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    experiment = read_experiment(written(tmp_path, FOREST))
    assert experiment.validation.folds == 5
    assert experiment.front_end.chunk_frames == 198
    assert experiment.data.ignored == ("None", "Ignored")


def test_another_process_gets_the_same_hash(tmp_path: Path) -> None:
    experiment = read_experiment(written(tmp_path, NETWORK))
    assert pickle.loads(pickle.dumps(experiment)).sha256 == experiment.sha256  # noqa: S301


def test_exponents_are_numbers_and_yes_is_a_class(tmp_path: Path) -> None:
    text = NETWORK + "  learning_rate: 1e-3\n"
    text = text.replace("[Class]", "[Class]\n  only: [yes, no, 808]\n  classes: {y: yes, 1: 808}")
    experiment = read_experiment(written(tmp_path, text))
    assert experiment.training is not None
    assert experiment.training.learning_rate == 0.001
    assert experiment.data.only == ("yes", "no", "808")
    assert experiment.data.classes == {"y": "yes", "1": "808"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: drums-forest", "name: index", "index is taken by a file or folder beside the runs"),
        ("kind: forest", "kind: forest\n  tree: 3", "model.tree"),
        ("kind: forest", "kind: forests", "model.kind"),
        ("kind: forest", "kind: svm\n  trees: 3", "trees belongs to forest, not to svm"),
        ("kind: forest", "kind: forest\ntraining: {epochs: 3}", "training belongs to networks"),
        ("layout: table", "layout: folders", "belongs to the layout table, not to folders"),
        ("[Class]", "[Class]\n  group_pattern: '[a'", "group_pattern"),
        (
            "[Class]",
            "[Class]\n  multi_label: true\nvalidation: {metric: accuracy}",
            "validation.metric: accuracy is for recordings with one class each",
        ),
        (
            "[Class]",
            "[Class]\n  multi_label: true\nsearch: {metric: map3, space: {model.trees: [9, 99]}}",
            "search.metric: map3 is for recordings with one class each",
        ),
        ("[Class]", "[Class]\n  group_pattern: 'a'", "parentheses"),
        (
            "kind: forest",
            "kind: forest\nfront_end: {kind: stft, bands: 40}",
            "bands belongs to log-mel or mfcc, not to stft",
        ),
        (
            "kind: forest",
            "kind: forest\nfront_end: {coefficients: 20}",
            "coefficients belongs to mfcc, not to log-mel",
        ),
        ("name: drums-forest", "name: Drums 1", "use at most 64 lower-case letters, digits and"),
        ("  label_columns: [Class]\n", "", "a table needs file_column and label_columns"),
        (
            "kind: forest",
            "kind: forest\nfront_end: {high_hz: 16000}",
            "high_hz: 16000 exceeds half of sample_rate_hz, 8000",
        ),
        (
            "kind: forest",
            "kind: forest\nvalidation: {strategy: own-folds}",
            "own-folds needs data with folds",
        ),
        (
            "kind: forest",
            "kind: forest\nvalidation: {chosen_folds: [5]}",
            "there is no fold 5; they are counted from 0",
        ),
        (
            "kind: forest",
            "kind: forest\naugmentation: {mixup_alpha: 0.2}",
            "augmentation: mixup_alpha belongs to networks, and forest is not one",
        ),
        (
            "kind: forest",
            "kind: forest\naugmentation: {gain_db: 3}",
            "gain_db belongs to copies, and there are none; set copies",
        ),
        (
            "kind: forest",
            "kind: forest\naugmentation: {copies: 1}\nfront_end: {sample_rate_hz: 44100}",
            "set room_probability and microphone_probability to 0",
        ),
        (
            "kind: forest",
            "kind: trunk\nfront_end: {normalisation: none}\naugmentation: {masked_bands: 0.1}",
            "masked_bands changes batches, and a frozen trunk is applied before",
        ),
        ("kind: forest", "kind: svm\n  trunk_layer: 3", "belong to trunk; set it, too"),
        ("kind: forest", "kind: svm\n  weights: a.keras", "weights belongs to"),
        ("kind: forest", "kind: mlp\n  weights: a.h5", "belong to resnet50; give a model.keras"),
        ("name: drums-forest", "name: Drums", "name"),
        ("name: drums-forest", "name: |\n  drums", "a line break follows it"),
        ("name: drums-forest", "name: downloads", "downloads is taken by a file or folder"),
        ("[Class]", "[Class, Class]", "label_columns: one is named twice"),
        ("[Class]", "[Class]\n  classes: {Kick: ''}", "data.classes.Kick"),
    ],
)
def test_refuses_unknown_and_contradictory_keys_by_name(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in FOREST
    file = written(tmp_path, FOREST.replace(old, new))
    with pytest.raises(InputError) as raised:
        read_experiment(file)
    assert said in str(raised.value)
    assert str(file) in str(raised.value)


def test_copies_are_for_models_of_any_kind(tmp_path: Path) -> None:
    text = FOREST.replace("kind: forest", "kind: forest\naugmentation: {copies: 4}")
    experiment = read_experiment(written(tmp_path, text))
    assert experiment.augmentation is not None
    assert experiment.augmentation.copies == 4
    assert "gain_db" in experiment.augmentation.of_copies


def test_faulty_key_is_not_reported_as_missing(tmp_path: Path) -> None:
    file = written(tmp_path, FOREST.replace("[Class]", "Class"))
    with pytest.raises(InputError) as caught:
        read_experiment(file)
    (line,) = caught.value.lines
    assert line.endswith("expected a list, found the text 'Class'; write a list: [Class]")


def test_one_class_loss_contradicts_several_labels(tmp_path: Path) -> None:
    text = NETWORK.replace("[Class]", "[Class]\n  multi_label: true")
    assert read_experiment(written(tmp_path, text)).loss == "bce-logits"
    with pytest.raises(InputError, match=r"training\.loss"):
        read_experiment(written(tmp_path, text + "  loss: cross-entropy\n"))
