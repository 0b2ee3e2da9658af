"""Fit the network to the chorales."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from daemon.practice.harmoniser.voices import SYMBOLS
from model_build.harmony.chorales.pieces import Batch, Piece, batch_of, whole
from model_build.harmony.material import Material
from model_build.harmony.network import HarmonyNetwork, piece_scores
from model_build.harmony.recipe import Fit

UNIFORM_SHARE = 0.0005
"""Share of a uniform distribution in each voice's one, so that no chord is impossible."""

# A piece is also trained a fourth, a fifth or a tone away from C major, so that a phrase in another
# key is not new, and a wrongly found key does little harm.
_JITTER = (0, 0, 0, 0, 0, 5, -5, 7, -7, 2, -2)
_WARM_UP_STEPS = 100
_FINAL_RATE = 1e-5
_LARGEST_NORM = 1.0
_MOST_MEMORY = 0.995
_VALIDATE_STEPS = 100
_PIECES_AT_ONCE = 26


def nats(scores: Sequence[Any], batch: Batch, uniform_share: float = 0.0) -> Any:
    """Return the negative log probability of the true voices on each beat, (batch, beats)."""
    length = batch.present.shape[1]
    total = 0.0
    for voice, logits in enumerate(scores):
        logs = tf.nn.log_softmax(logits)
        true = tf.one_hot(batch.voices[:, -length:, voice], SYMBOLS)
        own = tf.reduce_sum(logs * true, axis=-1)
        if uniform_share:
            own = tf.math.log((1.0 - uniform_share) * tf.exp(own) + uniform_share / SYMBOLS)
        total -= own
    return total * batch.present


def average_nats(
    pieces: Sequence[Piece], scores_of: Callable[[Batch], Sequence[Any]]
) -> tuple[float, np.ndarray[Any, Any]]:
    """Return the nats a beat over all beats of the pieces, and those of each piece."""
    sums, counts = [], []
    for start in range(0, len(pieces), _PIECES_AT_ONCE):
        batch = whole(pieces[start : start + _PIECES_AT_ONCE])
        by_beat = nats(scores_of(batch), batch, UNIFORM_SHARE).numpy()
        sums.append(by_beat.sum(axis=1))
        counts.append(batch.present.sum(axis=1))
    total, count = np.concatenate(sums), np.concatenate(counts)
    return float(total.sum() / count.sum()), total / count


def fit(
    network: HarmonyNetwork, recipe: Fit, material: Material, rng: np.random.Generator
) -> float:
    """Fit the network, leave the weights that are best on `valid` in it, and return their nats.

    The weights are averaged over the last steps. A share of the batches' pieces are fakes,
    which changes linearly from the first batch to the last.
    """
    step = _training_step(network, recipe)
    average = [variable.numpy().copy() for variable in network.variables]
    best, kept = math.inf, average
    for number in range(recipe.steps):
        done = number / recipe.steps
        warm = min(1.0, (number + 1) / _WARM_UP_STEPS)
        rate = recipe.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * done)) + _FINAL_RATE
        fakes = recipe.fake_share * (1.0 - done) + recipe.last_fake_share * done
        step(rate, _drawn(recipe, material, fakes, rng))
        memory = min(_MOST_MEMORY, (number + 1) / (number + 20))
        for average_weights, variable in zip(average, network.variables, strict=True):
            average_weights[...] += (1.0 - memory) * (variable.numpy() - average_weights)
        if (number + 1) % _VALIDATE_STEPS == 0 or number + 1 == recipe.steps:
            found = _with_weights(network, average, material.valid)
            print(f"step {number + 1}: {found:.3f} nats a beat on valid", flush=True)
            if found < best:
                best, kept = found, [weights.copy() for weights in average]
    assign(network, kept)
    return best


def _training_step(network: HarmonyNetwork, recipe: Fit) -> Callable[[float, Batch], None]:
    """Return a function that improves the network with a learning rate and a batch."""
    optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    optimizer.build(network.variables)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def improve(*arrays: Any) -> None:
        batch = Batch(*arrays)
        with tf.GradientTape() as tape:
            scores = piece_scores(network, *arrays[:3], training=True)
            loss = tf.reduce_sum(nats(scores, batch)) / tf.reduce_sum(batch.present)
        gradients = tape.gradient(loss, [variable.value for variable in network.variables])
        clipped, _ = tf.clip_by_global_norm(gradients, _LARGEST_NORM)
        optimizer.apply(clipped, network.variables)

    def step(rate: float, batch: Batch) -> None:
        optimizer.learning_rate.assign(rate)
        improve(*batch)

    return step


def assign(network: HarmonyNetwork, weights: Sequence[Any]) -> None:
    """Replace the weights of the network."""
    for variable, value in zip(network.variables, weights, strict=True):
        variable.assign(value)


def network_nats(network: HarmonyNetwork, pieces: Sequence[Piece]) -> float:
    """Return the nats a beat of the network on the pieces."""
    return average_nats(pieces, lambda batch: piece_scores(network, *batch[:3]))[0]


def _drawn(recipe: Fit, material: Material, fake_share: float, rng: np.random.Generator) -> Batch:
    """Draw parts of pieces: fakes with `fake_share`, real ones in proportion to their length."""
    real, fakes = material.real, material.fakes
    lengths = np.array([len(piece.voices) for piece in real], np.float64)
    chances = lengths / lengths.sum()
    pieces = [
        fakes[rng.integers(len(fakes))]
        if rng.random() < fake_share
        else real[rng.choice(len(real), p=chances)]
        for _ in range(recipe.batch_pieces)
    ]
    shifts = [piece.key.shift + int(rng.choice(_JITTER)) for piece in pieces]
    starts = [
        int(rng.integers(max(1, len(piece.voices) - recipe.crop_beats + 1))) for piece in pieces
    ]
    return batch_of(pieces, shifts, starts, recipe.crop_beats)


def _with_weights(network: HarmonyNetwork, weights: Sequence[Any], valid: Sequence[Piece]) -> float:
    """Return the nats on `valid` with other weights."""
    own = [variable.numpy() for variable in network.variables]
    assign(network, weights)
    found = network_nats(network, valid)
    assign(network, own)
    return found
