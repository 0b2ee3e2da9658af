"""The baseline: a hidden Markov model of chorales.

A hidden state moves once a beat, and the four voices are independent given the state. See M. Allan
and C. Williams, "Harmonising chorales by probabilistic inference" (2004), for hidden Markov models
of chorales, and L. Rabiner, "A tutorial on hidden Markov models" (1989), for the algorithms.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.voices import SYMBOLS

Floats = NDArray[np.float32]
Symbols = NDArray[np.int64]

_VOICES = 4
_TINY = 1e-30
# How much a new state prefers the pitches, and the pitch classes, of the beat that it starts from.
_SAME_PITCH, _SAME_CLASS = 20.0, 2.0


@dataclass(frozen=True)
class Sequences:
    """Sequences of beats, padded to the same length."""

    symbols: Symbols
    """Soprano, alto, tenor and bass, (sequences, beats, 4)."""
    present: NDArray[np.bool_]
    """False for padding, (sequences, beats)."""
    weights: Floats
    """How much each sequence counts, (sequences,)."""


@dataclass(frozen=True)
class HiddenMarkov:
    """The parameters of the model."""

    first: Floats
    """Probability of each state on the first beat, (states,)."""
    transitions: Floats
    """Probability of each state after each other, (states, states)."""
    emissions: Floats
    """Probability of each symbol in each state, (4, states, SYMBOLS)."""


def pad(pieces: Sequence[Symbols], weights: Sequence[float]) -> Sequences:
    """Return pieces (beats, 4) as sequences of equal length."""
    longest = max(map(len, pieces))
    symbols = np.zeros((len(pieces), longest, _VOICES), np.int64)
    present = np.zeros((len(pieces), longest), np.bool_)
    for row, piece in enumerate(pieces):
        symbols[row, : len(piece)] = piece
        present[row, : len(piece)] = True
    return Sequences(symbols, present, np.array(weights, np.float32))


def start(sequences: Sequences, states: int, rng: np.random.Generator) -> HiddenMarkov:
    """Return a model whose states resemble randomly chosen beats."""
    chances = (sequences.present * sequences.weights[:, None]).ravel()
    beats = sequences.symbols.reshape(-1, _VOICES)
    chosen = beats[rng.choice(len(beats), states, p=chances / chances.sum())]
    emissions = np.ones((_VOICES, states, SYMBOLS), np.float32)
    classes = np.arange(SYMBOLS) % 12
    for voice in range(_VOICES):
        own = chosen[:, voice]
        emissions[voice] += _SAME_CLASS * (classes == classes[own][:, None])
        emissions[voice, np.arange(states), own] += _SAME_PITCH
    transitions = rng.uniform(0.5, 1.5, (states, states)).astype(np.float32)
    return HiddenMarkov(
        np.full(states, 1 / states, np.float32), _normalized(transitions), _normalized(emissions)
    )


def improve(
    model: HiddenMarkov, sequences: Sequences, *, emission_prior: float, transition_prior: float
) -> HiddenMarkov:
    """Return the model after one step of the Baum-Welch algorithm.

    The priors are counts that every state has seen beforehand: of the voices' symbols in all
    states, and of all states.
    """
    likelihood = _likelihood(model, sequences.symbols, range(_VOICES))
    alphas, scales = _forward(model, likelihood, sequences.present)
    beta = np.ones_like(alphas[0])
    present, weights = sequences.present, sequences.weights[:, None]
    counts = np.zeros_like(model.transitions)
    occupied = np.zeros_like(model.emissions)
    for beat in range(len(alphas) - 1, -1, -1):
        gamma = alphas[beat] * beta * (weights * present[:, beat, None])
        for voice in range(_VOICES):
            np.add.at(occupied[voice].T, sequences.symbols[:, beat, voice], gamma)
        if beat == 0:
            break
        ahead = likelihood[beat] * beta / scales[beat][:, None]
        counts += (alphas[beat - 1] * (weights * present[:, beat, None])).T @ ahead
        beta = np.where(present[:, beat, None], ahead @ model.transitions.T, beta)
    usual = occupied.sum(axis=1, keepdims=True)
    emissions = occupied + emission_prior * usual / usual.sum(axis=2, keepdims=True)
    visits = occupied[0].sum(axis=1)
    transitions = counts * model.transitions + transition_prior * visits / visits.sum()
    return HiddenMarkov(
        _normalized(gamma.sum(axis=0)), _normalized(transitions), _normalized(emissions)
    )


def conditional_nats(model: HiddenMarkov, sequences: Sequences) -> NDArray[np.float64]:
    """Return the negative log probability of the lower voices given the whole soprano.

    One value per sequence; the sum of the forward algorithm for all voices and for the soprano
    alone.
    """
    together = _log_probability(model, sequences, range(_VOICES))
    return _log_probability(model, sequences, range(1)) - together


def best_states(model: HiddenMarkov, soprano: Symbols) -> Symbols:
    """Return the likeliest states for a soprano (beats,), with the best pitch of each voice.

    Viterbi's algorithm; in each state the other voices have their likeliest symbol.
    """
    with np.errstate(divide="ignore"):
        moves, first = np.log(model.transitions), np.log(model.first)
    own = np.log(model.emissions[1:].max(axis=2)).sum(axis=0)
    seen = np.log(model.emissions[0].T[soprano]) + own
    best, origins = first + seen[0], []
    for beat in seen[1:]:
        totals = best[:, None] + moves
        origins.append(totals.argmax(axis=0))
        best = totals.max(axis=0) + beat
    path = [int(best.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1])


def _log_probability(
    model: HiddenMarkov, sequences: Sequences, voices: range
) -> NDArray[np.float64]:
    likelihood = _likelihood(model, sequences.symbols, voices)
    _, scales = _forward(model, likelihood, sequences.present)
    total: NDArray[np.float64] = np.log(np.array(scales, np.float64)).sum(axis=0)
    return total


def _likelihood(model: HiddenMarkov, symbols: Symbols, voices: range) -> Floats:
    """Return the probability of what sounds on each beat, (beats, sequences, states)."""
    by_beat = symbols.transpose(1, 0, 2)
    likelihood = model.emissions[0].T[by_beat[..., 0]]
    for voice in voices[1:]:
        likelihood = likelihood * model.emissions[voice].T[by_beat[..., voice]]
    return np.asarray(likelihood + _TINY, np.float32)


def _forward(
    model: HiddenMarkov, likelihood: Floats, present: NDArray[np.bool_]
) -> tuple[list[Floats], list[Floats]]:
    """Return the scaled forward variables and their scales; both stay at the last beat."""
    alphas: list[Floats] = []
    scales: list[Floats] = []
    for beat, seen in enumerate(likelihood):
        ahead = alphas[-1] @ model.transitions if beat else model.first[None]
        alpha = ahead * seen
        scale = alpha.sum(axis=1)
        here = present[:, beat]
        scales.append(np.where(here, scale, 1.0).astype(np.float32))
        alpha = alpha / scale[:, None]
        alphas.append(np.where(here[:, None], alpha, alphas[-1]) if beat else alpha)
    return alphas, scales


def _normalized(counts: Floats) -> Floats:
    shares: Floats = (counts / counts.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares
