from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.corpus.formats.labelled import Example
from model_build.lab.experiment import Data
from model_build.lab.features.reading import Chunks
from model_build.lab.features.store import Features
from model_build.lab.features.truth import truth_of
from model_build.lab.models.model import Scores, TrainingSet
from model_build.lab.run.training_set import scores_of, training_set, watched_chunks

# The number of chunks of each recording; a chunk's only value is its number.
COUNTS = [1, 3, 2, 1, 1, 2]
LABELS = ["a", "b", "a", "a", "b", "a"]
EXAMPLES = [
    Example(name=f"{n}.wav", file="", labels=(label,), group=f"player {n // 2}")
    for n, label in enumerate(LABELS)
]
FEATURES = Features(
    examples=EXAMPLES,
    values=np.arange(sum(COUNTS), dtype=np.float32).reshape(-1, 1, 1),
    owners=np.repeat(np.arange(6), COUNTS),
    copies=np.zeros(sum(COUNTS), int),
    sounds=[],
    left=[],
    sha256="",
)


def chosen(
    rows: list[int], balancing: Literal["none", "weights", "down-sampling"] = "none"
) -> TrainingSet:
    data = Data(layout="folders", path=".", balancing=balancing)
    truth = truth_of(EXAMPLES, ("a", "b"))
    return training_set(FEATURES, truth, np.array(rows), data, seed=1)


def test_the_chunks_to_watch_are_those_of_the_recordings_without_copies() -> None:
    copies = np.zeros(sum(COUNTS), int)
    copies[[2, 9]] = 1  # of recordings 1 and 5
    features = FEATURES._replace(copies=copies)
    watched = watched_chunks(features, truth_of(EXAMPLES, ("a", "b")), np.array([1, 5]))
    assert watched.rows.tolist() == [1, 3, 8]
    assert watched.owners.tolist() == [0, 0, 1]
    assert watched.truth.has.tolist() == [[False, True], [True, False]]


def test_every_chunk_belongs_to_its_recording() -> None:
    made = chosen([1, 2, 5])
    assert made.values[made.rows, 0, 0].tolist() == [1, 2, 3, 4, 5, 8, 9]
    assert made.owners.tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert made.truth.has.tolist() == [[False, True], [True, False], [True, False]]
    assert made.groups == ["player 0", "player 1", "player 2"]


def test_weights_make_every_class_count_alike() -> None:
    made = chosen([0, 1, 2, 3, 4, 5], "weights")
    is_a = made.truth.has[:, 0]
    assert made.weights[is_a].sum() == pytest.approx(made.weights[~is_a].sum())
    assert made.weights.mean() == pytest.approx(1.0)


def test_down_sampling_keeps_as_many_of_each_class_as_the_rarest_has() -> None:
    made = chosen([0, 1, 2, 3, 4, 5], "down-sampling")
    assert made.truth.has.sum(axis=0).tolist() == [2, 2]
    assert len(made.groups) == len(made.weights) == 4
    assert set(made.owners.tolist()) == {0, 1, 2, 3}


class _Number:
    """Scores each chunk by its number."""

    def scores(self, chunks: Chunks) -> Scores:
        return np.stack([chunks[:, 0, 0], -chunks[:, 0, 0]], axis=1).astype(np.float64)

    def scores_at(self, values: Chunks, rows: NDArray[np.int64]) -> Scores:
        return self.scores(values[rows])

    def save(self, folder: object) -> None:
        raise NotImplementedError


def test_a_recording_has_the_mean_score_of_its_chunks_in_any_order() -> None:
    scores = scores_of(_Number(), FEATURES, np.array([5, 1]))
    assert scores.tolist() == [[8.5, -8.5], [2.0, -2.0]]


def test_copies_are_trained_on_and_never_scored() -> None:
    copies = np.array([0, 0, 0, 1, 0, 1, 0, 0, 0, 1])
    with_copies = FEATURES._replace(copies=copies)
    truth = truth_of(EXAMPLES, ("a", "b"))
    data = Data(layout="folders", path=".")
    made = training_set(with_copies, truth, np.array([1, 2]), data, seed=1)
    assert made.values[made.rows, 0, 0].tolist() == [1, 2, 3, 4, 5]
    scores = scores_of(_Number(), with_copies, np.array([1, 2]))
    assert scores[:, 0].tolist() == [1.5, 4.0]
