from itertools import pairwise, product

import numpy as np
import pytest

from daemon.practice.harmoniser.voices import SYMBOLS
from model_build.harmony.hidden_markov import (
    HiddenMarkov,
    best_states,
    conditional_nats,
    improve,
    pad,
    start,
)

STATES = 3


def random_model(seed: int) -> HiddenMarkov:
    rng = np.random.default_rng(seed)

    def chances(*shape: int) -> np.ndarray:
        values = rng.uniform(0.1, 1.0, shape)
        shares: np.ndarray = (values / values.sum(axis=-1, keepdims=True)).astype(np.float32)
        return shares

    return HiddenMarkov(chances(STATES), chances(STATES, STATES), chances(4, STATES, SYMBOLS))


def probability(model: HiddenMarkov, piece: np.ndarray, voices: range) -> float:
    """Return the probability of some voices of a piece, summed over all paths."""
    total = 0.0
    for path in product(range(STATES), repeat=len(piece)):
        chance = float(model.first[path[0]])
        for before, state in pairwise(path):
            chance *= float(model.transitions[before, state])
        for beat, state in enumerate(path):
            chance *= np.prod([model.emissions[v, state, piece[beat, v]] for v in voices])
        total += chance
    return total


def test_conditional_nats_agree_with_the_sum_over_all_paths() -> None:
    model, rng = random_model(0), np.random.default_rng(1)
    pieces = [rng.integers(SYMBOLS, size=(length, 4)) for length in (5, 2, 1)]
    found = conditional_nats(model, pad(pieces, [1.0] * 3))
    for nats, piece in zip(found, pieces, strict=True):
        expected = np.log(probability(model, piece, range(1)) / probability(model, piece, range(4)))
        assert nats == pytest.approx(expected, rel=1e-4)


def test_best_states_agree_with_the_best_of_all_paths() -> None:
    model, rng = random_model(2), np.random.default_rng(3)
    soprano = rng.integers(SYMBOLS, size=5)
    own = model.emissions[1:].max(axis=2).prod(axis=0)

    def chance(path: tuple[int, ...]) -> float:
        moves = np.prod([model.transitions[a, b] for a, b in pairwise(path)])
        seen = np.prod(
            [model.emissions[0, s, p] * own[s] for s, p in zip(path, soprano, strict=True)]
        )
        return float(model.first[path[0]] * moves * seen)

    best = max(product(range(STATES), repeat=5), key=chance)
    assert tuple(best_states(model, soprano)) == best


def test_every_step_makes_the_pieces_more_likely() -> None:
    rng = np.random.default_rng(4)
    pieces = [rng.integers(8, size=(length, 4)) for length in (20, 13, 7)]
    sequences = pad(pieces, [1.0] * 3)
    model = start(sequences, STATES, rng)

    def likelihood(model: HiddenMarkov) -> float:
        likely = 0.0
        for piece in pieces:
            alpha = model.first * model.emissions[range(4), :, piece[0]].prod(axis=0)
            for beat in piece[1:]:
                likely += np.log(alpha.sum())
                alpha = (alpha / alpha.sum()) @ model.transitions
                alpha = alpha * model.emissions[range(4), :, beat].prod(axis=0)
            likely += np.log(alpha.sum())
        return float(likely)

    found = [likelihood(model)]
    for _ in range(5):
        model = improve(model, sequences, emission_prior=0.0, transition_prior=0.0)
        found.append(likelihood(model))
        assert model.transitions.sum(axis=1) == pytest.approx(np.ones(STATES), rel=1e-4)
    assert (np.diff(found) > -1e-3).all()
    assert found[-1] > found[0] + 1.0
