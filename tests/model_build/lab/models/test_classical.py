from pathlib import Path
from typing import Literal

import joblib
import numpy as np
import pytest

from model_build.lab.experiment import Model
from model_build.lab.models.classical import fit_classical
from model_build.lab.models.model import CLASSICAL_FILE
from model_build.lab.models.pooling import pooled
from tests.model_build.lab.models.made_chunks import made


@pytest.mark.parametrize("kind", ["forest", "svm", "knn", "logistic"])
def test_tells_classes_apart(
    kind: Literal["forest", "svm", "knn", "logistic"], tmp_path: Path
) -> None:
    model = fit_classical(Model(kind=kind), made(), seed=1, multi_label=False)
    test = made(seed=2)
    scores = model.scores(test.values)
    assert scores.sum(axis=1) == pytest.approx(1.0)
    assert (scores.argmax(axis=1) == test.truth.has.argmax(axis=1)).mean() > 0.95
    model.save(tmp_path)
    assert np.array_equal(joblib.load(tmp_path / CLASSICAL_FILE).scores(test.values), scores)


def test_a_class_without_training_recordings_scores_0() -> None:
    data = made()
    rows = np.flatnonzero(~data.truth.has[:, 1])
    fewer = data._replace(
        rows=rows,
        owners=np.arange(len(rows)),
        truth=data.truth.rows(rows),
        weights=data.weights[rows],
    )
    model = fit_classical(Model(kind="forest"), fewer, seed=1, multi_label=False)
    scores = model.scores(data.values)
    assert not scores[:, 1].any()
    assert scores.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["forest", "svm", "knn", "logistic"])
def test_the_only_class_of_the_training_recordings_scores_1(
    kind: Literal["forest", "svm", "knn", "logistic"],
) -> None:
    data = made()
    rows = np.flatnonzero(data.truth.has[:, 1])
    one_class = data._replace(
        rows=rows,
        owners=np.arange(len(rows)),
        truth=data.truth.rows(rows),
        weights=data.weights[rows],
    )
    model = fit_classical(Model(kind=kind), one_class, seed=1, multi_label=False)
    assert (model.scores(data.values) == np.eye(data.truth.has.shape[1])[1]).all()


def test_several_labels_are_trained_only_where_they_are_known() -> None:
    data = made(200)
    known = data.truth.known.copy()
    wrong = data.truth.has.copy()
    wrong[:100, 0] = ~wrong[:100, 0]
    known[:100, 0] = False
    masked = data._replace(truth=data.truth._replace(has=wrong, known=known))
    model = fit_classical(Model(kind="forest"), masked, seed=1, multi_label=True)
    test = made(seed=2)
    assert ((model.scores(test.values) >= 0.5) == test.truth.has).mean() > 0.95


def test_the_same_seed_gives_the_same_scores() -> None:
    first, same, other = (
        fit_classical(Model(kind="forest", trees=20), made(), seed=seed, multi_label=False)
        for seed in (1, 1, 2)
    )
    chunks = made(seed=3).values
    assert np.array_equal(first.scores(chunks), same.scores(chunks))
    assert not np.array_equal(first.scores(chunks), other.scores(chunks))


def test_pools_mean_deviation_lowest_and_highest_value() -> None:
    chunk = np.array([[[1.0, 5.0], [3.0, 5.0]]], np.float32)
    assert pooled(chunk).tolist() == [[2.0, 5.0, 1.0, 0.0, 1.0, 5.0, 3.0, 5.0]]
