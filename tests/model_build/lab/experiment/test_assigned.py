import pytest

from daemon.errors import InputError
from model_build.lab.experiment import read_experiment
from model_build.lab.experiment.assigned import assigned
from tests.conftest import ROOT

CONFIGS = ROOT / "configs" / "lab"


def test_values_are_read_as_the_type_of_their_key() -> None:
    experiment = assigned(
        read_experiment(CONFIGS / "drums-mlp.yaml"),
        [
            "training.learning_rate=1e-3",
            "training.epochs=2",
            "training.best_checkpoint=true",
            "data.kinds=[note, phrase]",
            "name=mine",
        ],
    )
    assert experiment.training is not None
    assert experiment.training.learning_rate == 0.001
    assert (experiment.training.epochs, experiment.training.best_checkpoint) == (2, True)
    assert experiment.data.kinds == ("note", "phrase")
    assert experiment.name == "mine"


def test_a_section_that_the_file_lacks_is_begun() -> None:
    experiment = read_experiment(CONFIGS / "nsynth-stft-cnn.yaml")
    assert experiment.augmentation is None
    changed = assigned(experiment, ["augmentation.masked_frames=0.1"])
    assert changed.augmentation is not None
    assert changed.augmentation.masked_frames == 0.1


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("training.epochs", "write KEY=VALUE, such as training.epochs=5"),
        ("training.epoch=5", "unknown field `epoch`"),
        ("training.epochs=many", "training.epochs"),
        ("trainin.epochs=5", "unknown field `trainin`"),
        ("seed.x=1", "seed is not a section"),
        ("data.kinds=[note", "the list or table is not closed"),
        ("model.trees=5", "trees belongs to forest"),
    ],
)
def test_other_keys_and_values_are_refused(assignment: str, message: str) -> None:
    experiment = assigned(read_experiment(CONFIGS / "drums-mlp.yaml"), ["seed=2"])
    with pytest.raises(InputError) as raised:
        assigned(experiment, [assignment])
    assert message in str(raised.value)


def test_what_a_search_varies_is_checked_again() -> None:
    search = read_experiment(CONFIGS / "fsdkaggle-search.yaml")
    with pytest.raises(InputError, match=r"search\.space"):
        assigned(search, ["model.kind=mlp"])


def test_lists_and_tables_are_read_as_in_the_file() -> None:
    before = read_experiment(CONFIGS / "drums-forest.yaml")
    changed = assigned(
        before,
        [
            "data.only=[808, no, 1e1]",
            "data.classes={no: 808, on: yes}",
            "search={trials: 2, space: {front_end.low_hz: [1e2, 50], front_end.bands: [20, 40]}}",
        ],
    )
    assert changed.data.only == ("808", "no", "1e1")
    assert changed.data.classes == {"no": "808", "on": "yes"}
    assert changed.search is not None
    assert changed.search.space == {"front_end.low_hz": (100.0, 50), "front_end.bands": (20, 40)}


def test_a_key_that_a_table_repeats_is_refused() -> None:
    with pytest.raises(InputError, match="appears twice"):
        assigned(read_experiment(CONFIGS / "drums-mlp.yaml"), ["data.classes={a: x, a: y}"])
