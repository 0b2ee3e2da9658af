"""Fit the confidence of a key: right or close on songs, against sound without harmony."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.analysis import harmonic_evidence, is_steady_machine
from daemon.practice.harmony.chord_network import ChordNetwork
from daemon.practice.harmony.keys import FIGURES
from model_build.chords.examples import Example
from model_build.chords.measures import key_score, mean_text

_STEPS = 40
_PENALTY = 1.0
_CLOSE_SCORE = 0.3  # the relative key, or better
_LET_THROUGH = 0.03  # of the sounds without harmony


class KeyExample(NamedTuple):
    """The figures of a sound's likeliest key."""

    figures: NDArray[np.float64]
    """The figures (FIGURES,) of `KeyEvidence`."""
    score: float | None
    """MIREX' score of the likeliest key, or None if the sound has no key."""


def key_examples(network: ChordNetwork, examples: Iterable[Example]) -> list[KeyExample]:
    """Return the key of each sound; of songs without a key only drums."""
    found = []
    for example in examples:
        if example.key is None and example.kind == "single chords":
            continue
        if is_steady_machine(example.magnitudes):
            continue  # never has a key, whatever the confidence
        key = harmonic_evidence(network, example.magnitudes, example.steady).key
        score = None if example.key is None else key_score(key.best, example.key)
        found.append(KeyExample(key.figures, score))
    return found


def fitted_confidence(examples: list[KeyExample]) -> NDArray[np.float64]:
    """Return weights (FIGURES + 1,) of a logistic regression, the bias last.

    The bias is then moved so that 3 % of the sounds without a key have a confidence over one half.
    """
    inputs = np.array([[*example.figures, 1.0] for example in examples])
    right = np.array([(example.score or 0.0) >= _CLOSE_SCORE for example in examples], np.float64)
    weights = np.zeros(FIGURES + 1)
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-inputs @ weights))
        curvature = inputs.T @ (inputs * (chance * (1.0 - chance) + 1e-6)[:, None])
        curvature += _PENALTY * np.eye(FIGURES + 1)
        weights -= np.linalg.solve(curvature, inputs.T @ (chance - right) + _PENALTY * weights)
    without = np.array([example.score is None for example in examples])
    weights[-1] -= np.quantile(inputs[without] @ weights, 1.0 - _LET_THROUGH)
    return weights


def summary(examples: list[KeyExample], weights: NDArray[np.float64]) -> str:
    """Return a line that says how often a key is right, and how often it is shown."""
    shown = np.array([np.append(example.figures, 1.0) @ weights >= 0.0 for example in examples])
    scores = np.array([np.nan if e.score is None else e.score for e in examples])
    music = ~np.isnan(scores)
    return (
        f"key of {music.sum()} songs: weighted {mean_text(scores[music])}, exact "
        f"{mean_text(scores[music] == 1.0)}, shown {mean_text(shown[music])}, of which right "
        f"{mean_text(scores[music & shown] == 1.0)}; shown in {shown[~music].sum()} of "
        f"{(~music).sum()} other sounds"
    )
