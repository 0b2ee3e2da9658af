from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.lab.experiment import Experiment, read_experiment
from model_build.lab.experiment.replaced import is_whole, replaced

START = """\
name: varied
data: {layout: folders, path: somewhere}
model: {kind: mel-cnn}
training: {epochs: 5}
augmentation: {masked_bands: 0.2}
"""


def read(tmp_path: Path, more: str, start: str = START) -> Experiment:
    file = tmp_path / "varied.yaml"
    file.write_text(start + more)
    return read_experiment(file)


def refusal(tmp_path: Path, more: str, start: str = START) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, more, start)
    return str(caught.value)


def test_a_search_has_lists_and_ranges(tmp_path: Path) -> None:
    experiment = read(
        tmp_path,
        "search: {space: {training.learning_rate: {log: [1e-4, 1e-2]}, "
        "model.filters: [[8], [8, 16]], training.gradient_clip: [0, 1.5]}}",
    )
    assert experiment.search
    assert experiment.search.space["model.filters"] == ((8,), (8, 16))
    assert list(experiment.search.space) == [
        *("training.learning_rate", "model.filters", "training.gradient_clip")
    ]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("{training.learning_rat: [1, 2]}", "training.learning_rat: unknown key; did you mean"),
        ("{data.path: [a, b]}", "data.path: it cannot vary; these can"),
        ("{name: [a, b]}", "name: it cannot vary"),
        ("{model.kind: [mel-cnn, mel_cnn]}", "model.kind: Invalid enum value 'mel_cnn'"),
        ("{model.kind: [mlp, forest]}", "belongs to networks, and forest is not one"),
        ("{training.epochs: [5, many]}", "training.epochs: Expected `int`, got `str`"),
        ("{training.epochs: {linear: [1.5, 7]}}", "training.epochs: Expected `int`"),
        ("{training.learning_rate: {log: [0, 1]}}", "line 6"),
        ("{training.learning_rate: {log: [1, 0.1]}}", "is not a range"),
        ("{training.learning_rate: {}}", "set log or linear"),
        ("{training.learning_rate: []}", "has no values"),
        ("{}", "space: name at least one key"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(
    tmp_path: Path, space: str, message: str
) -> None:
    assert message in refusal(tmp_path, f"search: {{space: {space}}}")


def test_keys_of_the_other_strategy_are_refused(tmp_path: Path) -> None:
    space = "space: {training.optimiser: [adam, sgd]}"
    hyperband = refusal(tmp_path, f"search: {{strategy: hyperband, trials: 3, {space}}}")
    assert "trials belongs to the strategy random" in hyperband
    assert "factor belongs to the strategy hyperband" in refusal(
        tmp_path, f"search: {{factor: 3, {space}}}"
    )
    epochs = "search: {strategy: hyperband, space: {training.epochs: [1, 2]}}"
    assert "hyperband itself varies training.epochs" in refusal(tmp_path, epochs)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("{remove: [augmentatio]}", "ablate.part: augmentatio: it cannot vary"),
        ("{replace: {seed: 2}}", "ablate.part: seed: it cannot vary"),
        ("{remove: [training.patience_epochs]}", "ablate.part: it changes nothing"),
        ("{replace: {training.epochs: 5}}", "ablate.part: it changes nothing"),
        ("{}", "name keys to remove, or keys to replace"),
        ("{remov: [training]}", "unknown key; did you mean remove?"),
    ],
)
def test_an_ablation_that_changes_nothing_is_refused(
    tmp_path: Path, part: str, message: str
) -> None:
    assert message in refusal(tmp_path, f"ablate: {{part: {part}}}")


@pytest.mark.parametrize(
    ("more", "kind", "message"),
    [
        ("pruning: {kind: channels}", "transformer", "pruning.kind: channels belongs to mlp"),
        ("pruning: {kind: all}", "mlp", "pruning.kind"),
        ("output: {cam: cam}", "mlp", "mlp has no layer over time"),
        ("output: {cam: cam}", "musicnet-cnn", "use grad-cam"),
    ],
)
def test_what_a_model_cannot_do_is_refused(
    tmp_path: Path, more: str, kind: str, message: str
) -> None:
    assert message in refusal(tmp_path, more, START.replace("mel-cnn", kind))


def test_keys_are_removed_and_replaced(tmp_path: Path) -> None:
    experiment = read(tmp_path, "")
    changed = replaced(experiment, {"training.epochs": 7.0}, ["augmentation"])
    assert changed.training
    assert changed.training.epochs == 7
    assert changed.augmentation is None
    assert experiment.augmentation is not None


def test_whole_numbers_are_known_by_the_key() -> None:
    assert is_whole(Experiment, "training.epochs")
    assert is_whole(Experiment, "model.trees")
    assert not is_whole(Experiment, "training.learning_rate")
