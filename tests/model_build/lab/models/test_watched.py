"""The chunks to validate show the course of a training, and decide nothing."""

from typing import Any

import numpy as np
import pytest

from model_build.lab.experiment import Data, Experiment, Model, Training
from model_build.lab.models.fitted_network import FittedNetwork
from model_build.lab.models.fitting import fit_network
from model_build.lab.models.model import TrainingSet, Watched
from tests.model_build.lab.models.made_chunks import made


def fitted(data: TrainingSet, *, multi_label: bool = False, **training: Any) -> FittedNetwork:
    settings = Experiment(
        name="one",
        data=Data(layout="folders", path=".", multi_label=multi_label),
        model=Model(kind="mlp"),
        training=Training(**{"epochs": 4, **training}),
    )
    return fit_network(settings, data, seed=1)


def halves(*, has_wrong_labels: bool = False) -> tuple[TrainingSet, TrainingSet]:
    """Return a training set of some chunks, and the same with the other chunks to watch."""
    whole = made(80)
    rows, others = np.arange(60), np.arange(60, 80)
    data = whole._replace(
        rows=rows,
        owners=rows,
        truth=whole.truth.rows(rows),
        weights=np.ones(60),
        groups=whole.groups[:60],
    )
    truth = whole.truth.rows(others)
    if has_wrong_labels:
        truth = truth._replace(has=np.roll(truth.has, 1, axis=1))
    return data, data._replace(watched=Watched(others, np.arange(20), truth))


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_loss_of_the_chunks_to_validate_changes_no_weight(*, multi_label: bool) -> None:
    data, watching = halves()
    alone = fitted(data, multi_label=multi_label)
    watched = fitted(watching, multi_label=multi_label)
    for one, other in zip(alone.model.get_weights(), watched.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert "val_loss" not in alone.history[0]
    losses = [epoch["val_loss"] for epoch in watched.history]
    assert losses[-1] < losses[0]
    assert watched.history[-1]["val_accuracy"] > 0.9


def test_the_epoch_is_chosen_by_other_chunks() -> None:
    _, watching = halves(has_wrong_labels=True)
    assert fitted(watching).history[-1]["val_accuracy"] < 0.1
    chosen = fitted(watching, best_checkpoint=True)
    assert chosen.history[-1]["val_accuracy"] > 0.9
