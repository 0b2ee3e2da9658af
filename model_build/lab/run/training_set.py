"""Choose the chunks of the recordings that a model is fitted to."""

import numpy as np
from numpy.typing import NDArray

from model_build.lab.experiment import Data
from model_build.lab.features.store import Features
from model_build.lab.features.truth import Truth
from model_build.lab.models.model import Fitted, Scores, TrainingSet, Watched
from model_build.lab.validation.folds import group_names

Rows = NDArray[np.int64]

_CHUNKS_AT_ONCE = 1_024


def training_set(
    features: Features, truth: Truth, rows: Rows, data: Data, seed: int
) -> TrainingSet:
    """Return the chunks of some recordings and their copies, balanced as the data section says."""
    if data.balancing == "down-sampling":
        rows = _down_sampled(truth.rows(rows), rows, np.random.default_rng(seed))
    place = np.full(len(features.examples), -1)
    place[rows] = np.arange(len(rows))
    owners = place[features.owners]
    chosen = truth.rows(rows)
    weights = np.ones(len(rows))
    if data.balancing == "weights":
        weights = _weights(chosen)
    return TrainingSet(
        values=features.values,
        rows=np.flatnonzero(owners >= 0),
        owners=owners[owners >= 0],
        truth=chosen,
        weights=weights,
        groups=group_names([features.examples[row] for row in rows]),
    )


def watched_chunks(features: Features, truth: Truth, rows: Rows) -> Watched:
    """Return the chunks of validation recordings, without copies."""
    place = np.full(len(features.examples), -1)
    place[rows] = np.arange(len(rows))
    chunks = np.flatnonzero((place[features.owners] >= 0) & (features.copies == 0))
    return Watched(chunks, place[features.owners[chunks]], truth.rows(rows))


def scores_of(model: Fitted, features: Features, rows: Rows) -> Scores:
    """Return the scores (recordings, classes): the mean over each recording's own chunks."""
    chosen = np.flatnonzero(np.isin(features.owners, rows) & (features.copies == 0))
    parts = [
        model.scores_at(features.values, chosen[start : start + _CHUNKS_AT_ONCE])
        for start in range(0, len(chosen), _CHUNKS_AT_ONCE)
    ]
    scores = np.concatenate(parts)
    owners = features.owners[chosen]
    sums = np.zeros((len(features.examples), scores.shape[1]))
    np.add.at(sums, owners, scores)
    counts = np.bincount(owners, minlength=len(features.examples))
    means: Scores = sums[rows] / counts[rows, None]
    return means


def _down_sampled(truth: Truth, rows: Rows, rng: np.random.Generator) -> Rows:
    """Return as many recordings of every class as the rarest one has."""
    classes = truth.has.argmax(axis=1)
    fewest = min(np.bincount(classes)[np.unique(classes)])
    kept = [
        rng.permutation(np.flatnonzero(classes == place))[:fewest] for place in np.unique(classes)
    ]
    return np.sort(rows[np.concatenate(kept)])


def _weights(truth: Truth) -> NDArray[np.float64]:
    """Return weights with which every class counts alike; their mean is 1."""
    counts = np.maximum(truth.has.sum(axis=0), 1)
    labels = truth.has.sum(axis=1)
    each = (truth.has / counts).sum(axis=1) / np.maximum(labels, 1)
    # A recording without any class counts as the mean of the others.
    each[labels == 0] = each[labels > 0].mean() if (labels > 0).any() else 1.0
    return np.asarray(each / each.mean())
