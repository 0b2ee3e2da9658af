"""Fit the weights of the voicing logistic."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.candidates import candidates
from daemon.practice.pitch.features import FEATURES, FeatureStream
from daemon.practice.pitch.path import PitchPath
from daemon.practice.pitch.periodicity import HOP_SAMPLES, PeriodicityStream
from model_build.pitch.lines import (
    Line,
    in_a_room,
    in_a_simulated_room,
    random_line,
    random_noise,
)

_STEPS = 30
_PENALTY = 1.0  # keeps weights of features that say the same small


class Weights(NamedTuple):
    """A logistic on the features of the voicing."""

    bias: float
    weights: NDArray[np.float64]
    """One a feature (FEATURES,)."""
    accuracy: float
    """Share of the frames that it decides correctly, on other lines than it was fitted on."""


def fitted(rng: np.random.Generator, *, lines: int, seconds: float) -> Weights:
    """Return weights fitted on random lines, clean and in two rooms, and on half as many noises.

    Another quarter of the lines and noises measures them.
    """
    features, voiced = _examples(rng, lines, seconds)
    bias, weights = logistic(features, voiced)
    features, voiced = _examples(rng, max(1, lines // 4), seconds)
    accuracy = np.mean((features @ weights + bias > 0.0) == voiced)
    return Weights(bias, weights, float(accuracy))


def logistic(
    features: NDArray[np.float64], is_true: NDArray[np.bool_]
) -> tuple[float, NDArray[np.float64]]:
    """Return bias and weights (n,) of the likeliest logistic on features (examples, n)."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    inputs = np.column_stack([(features - mean) / scale, np.ones(len(features))])
    weights = np.zeros(inputs.shape[1])
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(inputs @ weights, -30.0, 30.0)))
        curvature = (inputs.T * (chance * (1.0 - chance) + 1e-6)) @ inputs
        curvature += _PENALTY * np.eye(len(weights))
        slope = inputs.T @ (chance - is_true) + _PENALTY * weights
        weights -= np.linalg.solve(curvature, slope)
    raw = weights[:-1] / scale
    return float(weights[-1] - raw @ mean), raw


def _examples(
    rng: np.random.Generator, lines: int, seconds: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    features, voiced = [np.empty((0, FEATURES))], [np.empty(0, bool)]
    for number in range(lines):
        line = random_line(rng, seconds)
        examples = [line, in_a_room(rng, line), in_a_simulated_room(rng, line)]
        if number % 2:
            examples.append(random_noise(rng, seconds))
        for example in examples:
            features.append(_features(example))
            voiced.append(example.is_voiced[::HOP_SAMPLES])
    return np.concatenate(features), np.concatenate(voiced)


def _features(line: Line) -> NDArray[np.float64]:
    """Return the features (frames, FEATURES) of a line, at a tenth of full scale."""
    samples = line.samples * np.float32(0.1 / (line.samples.std() + 1e-9))
    stream, path, described = PeriodicityStream(), PitchPath(), FeatureStream()
    frames = [stream.push(samples), stream.finish()]
    followed = [path.push(candidates(part.difference)) for part in frames]
    followed.append(path.finish())
    power = np.concatenate([part.power for part in frames])
    parts = [described.push(np.concatenate(followed), power), described.finish()]
    return np.concatenate([part.features for part in parts])
