"""Logistic regression as a network has the scores of scikit-learn."""

from pathlib import Path

import keras
import numpy as np
import pytest

from model_build.lab.experiment import Experiment, FrontEndSettings, Model
from model_build.lab.experiment.data import Data
from model_build.lab.export.networks import network_of
from model_build.lab.models.fit import fit, load
from model_build.lab.models.model import TrainingSet
from tests.model_build.lab.models.made_chunks import FRAMES, VALUES, made

FRONT_END = FrontEndSettings(bands=VALUES, chunk_seconds=0.025 + 0.01 * (FRAMES - 1))


def experiment(*, multi_label: bool) -> Experiment:
    return Experiment(
        name="made",
        data=Data(layout="folders", path="made", multi_label=multi_label),
        front_end=FRONT_END,
        model=Model(kind="logistic"),
    )


def without_class(data: TrainingSet, place: int) -> TrainingSet:
    """Return the recordings of the other classes."""
    kept = np.flatnonzero(~data.truth.has[:, place])
    return data._replace(
        rows=kept,
        owners=np.arange(len(kept)),
        truth=data.truth.rows(kept),
        weights=np.ones(len(kept)),
        groups=[data.groups[row] for row in kept],
    )


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("missing", [None, 1])
def test_network_has_the_scores_of_the_regression(
    tmp_path: Path, missing: int | None, *, multi_label: bool
) -> None:
    settings = experiment(multi_label=multi_label)
    data = made() if missing is None else without_class(made(), missing)
    fit(settings, data, seed=1).save(tmp_path)
    fitted = load(settings, tmp_path)
    chunks = made(20, seed=2).values
    logits = keras.ops.convert_to_numpy(network_of(fitted, settings, 3)(chunks))
    scores = 1 / (1 + np.exp(-logits))
    if not multi_label:
        scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(scores, fitted.scores(chunks), atol=1e-4)
