from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.classifier import load_classifier
from model_build.corpus.clips import read_corpus
from model_build.evaluation.instruments import (
    InstrumentFigures,
    instrument_figures,
    measure_instruments,
)
from tests.model_build.evaluation.known_scores import FAMILIES

VALUES = 16


def figures(instruments: list[NDArray[np.float32]]) -> InstrumentFigures:
    return instrument_figures(instruments, np.random.default_rng(1))


def instruments(
    count: int, windows: int, spread: float, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Return the embeddings of instruments with means of length 4 and windows around them."""
    means = rng.standard_normal((count, 1, VALUES))
    means *= 4.0 / np.linalg.norm(means, axis=2, keepdims=True)
    return list((means + spread * rng.standard_normal((count, windows, VALUES))).astype(np.float32))


def test_distinct_instruments_are_all_named() -> None:
    rng = np.random.default_rng(2)
    found = figures(instruments(8, 5, 0.01, rng))
    assert found == InstrumentFigures(instruments=8, windows=40, at_home=1.0, of_all=1.0)


def test_length_of_an_embedding_vector_has_no_effect() -> None:
    rng = np.random.default_rng(2)
    scaled = [w * rng.uniform(0.1, 10.0, (5, 1)) for w in instruments(8, 5, 0.01, rng)]
    assert figures([w.astype(np.float32) for w in scaled]).of_all == 1.0


def test_equal_instruments_are_named_by_chance() -> None:
    rng = np.random.default_rng(2)
    alike = [rng.standard_normal((40, VALUES)).astype(np.float32) for _ in range(10)]
    found = figures(alike)
    assert found.at_home == pytest.approx(0.25, abs=0.02)
    assert found.of_all == pytest.approx(0.1, abs=0.02)


def test_instruments_count_equally_whatever_their_number_of_windows() -> None:
    rng = np.random.default_rng(2)
    known = instruments(3, 4, 0.01, rng)
    # Windows of the fourth have nothing in common, but are seldom like those of the others.
    vague = np.concatenate([w[:1] for w in known * 40]).astype(np.float32)
    found = figures([*known, vague])
    assert found.windows == 12 + 120
    assert 0.7 < found.at_home < 0.95


def test_zero_embedding_gives_no_nan() -> None:
    assert figures([np.zeros((5, VALUES), np.float32)] * 4).at_home == 0.25


def test_model_without_embedding_is_not_measured(pristine_corpus: Path) -> None:
    corpus = read_corpus(pristine_corpus, FAMILIES)
    assert measure_instruments(corpus, load_classifier(), seed=1) is None
