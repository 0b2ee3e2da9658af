"""Models of scikit-learn on pooled features, or on the output of a trunk."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from model_build.lab.experiment import Model
from model_build.lab.features.reading import Chunks
from model_build.lab.models.model import CLASSICAL_FILE, Scores, TrainingSet
from model_build.lab.models.pooling import pooled
from model_build.networks.quiet_keras import import_keras

_TREES, _NEIGHBOURS, _REGULARISATION = 300, 5, 1.0
_MOST_STEPS = 1_000


class Classical:
    """A fitted model of scikit-learn: one for all classes, or one per class of several labels."""

    def __init__(
        self, model: Model, estimators: list[Any], places: list[NDArray[np.int64]], count: int
    ) -> None:
        self._model = model
        self._estimators = estimators
        self._places = places
        self._count = count

    def scores(self, chunks: Chunks) -> Scores:
        """Return the scores (chunks, classes) of some chunks; 0 for a class never trained on."""
        return self._scores(features_of(self._model, chunks))

    def scores_at(self, values: Chunks, rows: NDArray[np.int64]) -> Scores:
        """Return the scores (rows, classes) of some rows of all chunks."""
        return self._scores(features_of(self._model, values, rows))

    def _scores(self, features: NDArray[np.float64]) -> Scores:
        scores = np.zeros((len(features), self._count))
        for estimator, places in zip(self._estimators, self._places, strict=True):
            found = _probabilities(estimator, features)
            # Of an estimator of one class among several, only the column of "has it" is used.
            scores[:, places] = found[:, -len(places) :]
        return scores

    @property
    def estimators(self) -> list[Any]:
        """Pipelines of a scaler and an estimator: one, or one per class that was trained."""
        return self._estimators

    @property
    def places(self) -> list[NDArray[np.int64]]:
        """The classes of each estimator, by their places in the scores."""
        return self._places

    def save(self, folder: Path) -> None:
        """Write the model to a folder."""
        joblib.dump(self, folder / CLASSICAL_FILE)


def features_of(
    model: Model, values: Chunks, rows: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return what a model gets of some chunks, (chunks, values); `rows` selects chunks."""
    if model.trunk_of is None:
        return pooled(values, rows)
    import_keras()
    from model_build.lab.models.trunk import trunk_values

    return trunk_values(model, values, rows).astype(np.float64)


def fit_classical(model: Model, data: TrainingSet, *, seed: int, multi_label: bool) -> Classical:
    """Fit a model; with several labels, one per class, to the recordings where it is known."""
    features = features_of(model, data.values, data.rows)
    weights = data.weights[data.owners]
    if multi_label:
        return _per_class(model, features, weights, data, seed)
    targets = data.truth.has.argmax(axis=1)[data.owners]
    places = np.unique(targets)
    # In a grouped fold, one class can be all there is; an SVM and logistic regression need two.
    made = _estimator(model, seed) if len(places) > 1 else DummyClassifier()
    estimator = _fitted(made, features, targets, weights)
    return Classical(model, [estimator], [places], len(data.truth.classes))


def _per_class(
    model: Model, features: Scores, weights: Scores, data: TrainingSet, seed: int
) -> Classical:
    truth = data.truth
    estimators: list[Any] = []
    places = []
    for place in range(len(truth.classes)):
        known = truth.known[data.owners, place]
        targets = truth.has[data.owners, place][known]
        # Without both answers there is nothing to learn: the score stays 0.
        if len(np.unique(targets)) == 2:  # noqa: PLR2004
            estimator = _estimator(model, seed)
            estimators.append(_fitted(estimator, features[known], targets, weights[known]))
            places.append(np.array([place]))
    return Classical(model, estimators, places, len(truth.classes))


def _estimator(model: Model, seed: int) -> Any:
    strength = model.regularisation or _REGULARISATION
    match model.kind:
        case "forest":
            return RandomForestClassifier(model.trees or _TREES, random_state=seed)
        case "svm":
            return SVC(C=strength, random_state=seed)
        case "knn":
            return KNeighborsClassifier(model.neighbours or _NEIGHBOURS)
        case _:
            return LogisticRegression(C=strength, max_iter=_MOST_STEPS, random_state=seed)


def _fitted(estimator: Any, features: Scores, targets: NDArray[np.generic], weights: Scores) -> Any:
    """Fit an estimator to standardized features; k-NN has no weights."""
    name = type(estimator).__name__.lower()
    if isinstance(estimator, KNeighborsClassifier):
        estimator.n_neighbors = min(estimator.n_neighbors, len(features))
        return make_pipeline(StandardScaler(), estimator).fit(features, targets)
    pipeline = make_pipeline(StandardScaler(), estimator)
    return pipeline.fit(features, targets, **{f"{name}__sample_weight": weights})


def _probabilities(estimator: Any, features: Scores) -> Scores:
    """Return (chunks, classes); of an SVM, which has none, a softmax of its decision values."""
    if hasattr(estimator, "predict_proba"):
        found: Scores = estimator.predict_proba(features)
        return found
    values = estimator.decision_function(features)
    if values.ndim == 1:
        values = np.stack([-values, values], axis=1)
    values = np.exp(values - values.max(axis=1, keepdims=True))
    softmax: Scores = values / values.sum(axis=1, keepdims=True)
    return softmax
