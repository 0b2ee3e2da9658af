"""Fit the baseline, measure it, and harmonise with it."""

from collections.abc import Sequence

import numpy as np

from daemon.practice.harmoniser.voices import Ints, pitches_of, symbols_of
from model_build.harmony.chorales.pieces import Piece
from model_build.harmony.hidden_markov import (
    HiddenMarkov,
    Sequences,
    best_states,
    conditional_nats,
    improve,
    pad,
    start,
)
from model_build.harmony.material import Material
from model_build.harmony.recipe import Baseline

# Long pieces are divided, so that little of the padded sequences is padding.
_PART_BEATS = 56


def fit_baseline(recipe: Baseline, material: Material, rng: np.random.Generator) -> HiddenMarkov:
    """Return the model that is best on `valid` of all iterations."""
    sequences = _training_sequences(material, recipe.fake_weight)
    model = best = start(sequences, recipe.states, rng)
    best_nats = np.inf
    for iteration in range(recipe.iterations):
        model = improve(
            model,
            sequences,
            emission_prior=recipe.emission_prior,
            transition_prior=recipe.transition_prior,
        )
        nats, _ = baseline_nats(model, material.valid)
        print(f"baseline, iteration {iteration + 1}: {nats:.3f} nats a beat on valid", flush=True)
        if nats < best_nats:
            best, best_nats = model, nats
    return best


def baseline_nats(
    model: HiddenMarkov, pieces: Sequence[Piece]
) -> tuple[float, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the nats a beat over all beats of the pieces, and those of each piece."""
    sequences = pad([_symbols(p, p.melody_key.shift) for p in pieces], [1.0] * len(pieces))
    nats, counts = conditional_nats(model, sequences), sequences.present.sum(axis=1)
    return float(nats.sum() / counts.sum()), nats / counts


def baseline_voices(model: HiddenMarkov, piece: Piece) -> Ints:
    """Return bass, tenor and alto for a melody, (beats, 3): the likeliest states and pitches."""
    shift = piece.melody_key.shift
    states = best_states(model, symbols_of(piece.melody[:, 0], shift))
    likely = model.emissions[1:].argmax(axis=2)[::-1]
    return pitches_of(likely[:, states].T, shift)


def _training_sequences(material: Material, fake_weight: float) -> Sequences:
    parts, weights = [], []
    for pieces, weight in ((material.real, 1.0), (material.fakes, fake_weight)):
        for piece in pieces:
            symbols = _symbols(piece, piece.key.shift)
            split = np.array_split(symbols, max(1, round(len(symbols) / _PART_BEATS)))
            parts += split
            weights += [weight] * len(split)
    return pad(parts, weights)


def _symbols(piece: Piece, shift: int) -> Ints:
    return symbols_of(piece.full, shift)
