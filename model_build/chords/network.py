"""Fit the chord network in TensorFlow; the daemon runs it in NumPy."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_features import (
    CHANNELS,
    LEVELS,
    ChordFeatures,
    chord_features,
)
from daemon.practice.harmony.chord_network import NO_CHORD, ChordNetwork
from daemon.system.silenced_output import quiet_output
from model_build.chords.examples import Example
from model_build.chords.measures import mean_text
from model_build.chords.progressions import UNNAMED

UNITS, NONE_UNITS = 16, 8
_BATCH = 512
_RATE, _LAST_RATE = 4e-3, 2e-5
_PENALTY = 1e-4

Weights = dict[str, NDArray[np.float32]]


class Frames(NamedTuple):
    """Frames with a known chord."""

    chroma: NDArray[np.float32]
    """Inputs (n, CHANNELS, 12)."""
    level: NDArray[np.float32]
    """Inputs (n, LEVELS)."""
    classes: NDArray[np.int64]
    """Truth (n,), 0..24."""


def frames_of(examples: Iterable[Example]) -> Frames:
    """Return all frames of the examples whose chord is known."""
    chroma, level, classes = [], [], []
    for example in examples:
        features = chord_features(example.magnitudes)
        known = example.classes != UNNAMED
        chroma.append(features.chroma[known])
        level.append(features.level[known])
        classes.append(example.classes[known])
    return Frames(np.concatenate(chroma), np.concatenate(level), np.concatenate(classes))


def first_weights(rng: np.random.Generator) -> Weights:
    """Return random weights of the network; see `ChordNetwork` for their names."""

    def normal(scale: float, *shape: int) -> NDArray[np.float32]:
        return rng.normal(0.0, scale, shape).astype(np.float32)

    inputs = CHANNELS * 12
    return {
        "root": normal(inputs**-0.5, inputs, UNITS),
        "root_bias": np.zeros(UNITS, np.float32),
        "mode": normal(0.2, UNITS, 2),
        "mode_bias": np.zeros(2, np.float32),
        "none": normal(0.2, 2 * UNITS + LEVELS, NONE_UNITS),
        "none_bias": np.zeros(NONE_UNITS, np.float32),
        "none_output": normal(0.1, NONE_UNITS),
        "none_output_bias": np.zeros((), np.float32),
    }


def fitted(frames: Frames, rng: np.random.Generator, *, steps: int) -> Weights:
    """Return the weights fitted to the frames by Adam, with cross-entropy, on one thread."""
    with quiet_output():  # TensorFlow prints log lines in C++ when it is imported.
        import keras
        import tensorflow as tf

    variables = {name: tf.Variable(value) for name, value in first_weights(rng).items()}
    schedule = keras.optimizers.schedules.CosineDecay(_RATE, steps, alpha=_LAST_RATE / _RATE)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(list(variables.values()))

    @tf.function  # type: ignore[untyped-decorator]
    def step(chroma: Any, level: Any, classes: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = _logits(variables, chroma, level)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=logits)
            )
            loss += _PENALTY * tf.add_n([tf.reduce_sum(v**2) for v in variables.values()])
        gradients = tape.gradient(loss, list(variables.values()))
        optimizer.apply_gradients(zip(gradients, variables.values(), strict=True))
        return loss

    for _ in range(steps):
        batch = rng.integers(len(frames.classes), size=_BATCH)
        step(frames.chroma[batch], frames.level[batch], frames.classes[batch])
    return {name: variable.numpy() for name, variable in variables.items()}


def _logits(weights: dict[str, Any], chroma: Any, level: Any) -> Any:
    """Return the logits (n, 25), as `ChordNetwork` computes them."""
    import tensorflow as tf

    seen = tf.reshape(weights["root"], (CHANNELS, 12, UNITS))
    turned = tf.concat([tf.roll(seen, root, axis=1) for root in range(12)], axis=2)
    roots = tf.reshape(turned, (CHANNELS * 12, 12 * UNITS))
    hidden = tf.reshape(chroma, (-1, CHANNELS * 12)) @ roots
    hidden = tf.nn.relu(tf.reshape(hidden, (-1, 12, UNITS)) + weights["root_bias"])
    modes = hidden @ weights["mode"] + weights["mode_bias"]
    summary = tf.concat(
        [tf.reduce_mean(hidden, axis=1), tf.reduce_max(hidden, axis=1), level], axis=1
    )
    none = tf.nn.relu(summary @ weights["none"] + weights["none_bias"])
    none = tf.linalg.matvec(none, weights["none_output"]) + weights["none_output_bias"]
    return tf.concat([modes[..., 0], modes[..., 1], none[:, None]], axis=1)


def accuracy(network: ChordNetwork, frames: Frames) -> str:
    """Return a line with the share of the frames whose likeliest class is right."""
    chances = network.log_chances(ChordFeatures(frames.chroma, frames.level))
    right = chances.argmax(axis=1) == frames.classes
    is_chord = frames.classes != NO_CHORD
    return (
        f"frames: {mean_text(right)} right; of those with a chord {mean_text(right[is_chord])}, "
        f"of those without {mean_text(right[~is_chord])}"
    )
