import tempfile
from pathlib import Path
from typing import Any

import pytest

from model_build.lab.experiment import Data, Experiment, Model, Search, Training
from model_build.lab.experiment.search import Between, Choices
from model_build.lab.search.oracle import Oracle

SPACE: dict[str, Choices] = {
    "training.learning_rate": Between(log=(1e-4, 1e-2)),
    "training.batch_chunks": Between(linear=(4, 64)),
    "model.filters": ((8,), (8, 16)),
}


def asked(search: Search, seed: int = 1, *, metric: str = "accuracy") -> list[list[dict[str, Any]]]:
    """Return the values of each wave; the score of a trial is its learning rate."""
    experiment = Experiment(
        name="searched",
        data=Data(layout="folders", path="somewhere"),
        model=Model(kind="mel-cnn"),
        training=Training(epochs=9),
    )
    waves = []
    with tempfile.TemporaryDirectory() as folder:
        oracle = Oracle(experiment, search, metric, seed=seed, folder=Path(folder))
        for wave in oracle.waves():
            waves.append([one.values for one in wave])
            for one in wave:
                oracle.tell(one, one.values["training.learning_rate"])
    return waves


def test_random_search_draws_within_the_space() -> None:
    [wave] = asked(Search(trials=20, space=SPACE))
    assert len(wave) == 20
    for values in wave:
        assert 1e-4 <= values["training.learning_rate"] <= 1e-2
        assert values["training.batch_chunks"] in range(4, 65)
        assert values["model.filters"] in ((8,), (8, 16))
    low = sum(values["training.learning_rate"] < 1e-3 for values in wave)
    assert 5 <= low <= 15, "every ratio is equally likely"


def test_the_same_seed_asks_for_the_same_trials() -> None:
    search = Search(trials=5, space=SPACE)
    assert asked(search, 0) == asked(search, 0)
    assert asked(search, 0) != asked(search, 1)


def test_a_small_space_is_searched_once() -> None:
    [wave] = asked(Search(trials=50, space={"training.learning_rate": (0.1, 0.2)}))
    assert sorted(values["training.learning_rate"] for values in wave) == [0.1, 0.2]


@pytest.mark.parametrize("metric", ["accuracy", "hamming_loss"])
def test_hyperband_repeats_the_better_trials_with_more_epochs(metric: str) -> None:
    first, second, third = asked(Search(strategy="hyperband", space=SPACE), metric=metric)
    start = [one for one in first if one["training.epochs"] == 1]
    again = [one for one in second if one["training.epochs"] == 3]
    rates = sorted((one["training.learning_rate"] for one in start), reverse=metric == "accuracy")
    assert len(start) == 9
    assert [one["training.learning_rate"] for one in again] == rates[:3]
    assert [one["training.epochs"] for one in third] == [9]
    assert third[0]["training.learning_rate"] == rates[0]
