"""A small network that names the chord of a frame: 12 major, 12 minor, or none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_features import ChordFeatures

CHORDS = 24
"""Major on C, C-sharp, ..., B, then minor."""
NO_CHORD = 24
"""The class of frames without a chord."""
BUILT_IN_WEIGHTS = Path(__file__).with_name("harmony.npz")

Weights = Mapping[str, NDArray[Any]]


class ChordNetwork:
    """The network in NumPy: the same weights look at a frame from each of the twelve roots.

    Weights: `root` (CHANNELS * 12, units) and `root_bias` make the units of a root, of which `mode`
    (units, 2) and `mode_bias` make the logits of major and minor. `none` (2 * units + LEVELS, m),
    `none_bias`, `none_output` (m,) and `none_output_bias` make the logit of no chord from the mean
    and maximum of the units over the roots and from the level.
    """

    def __init__(self, weights: Weights) -> None:
        root = weights["root"]
        units = root.shape[1]
        seen = root.reshape(-1, 12, units)
        # One matrix for all roots: seen from root r, pitch class p is the interval p - r.
        turned = np.concatenate([np.roll(seen, r, axis=1) for r in range(12)], axis=2)
        self._roots = np.ascontiguousarray(turned.reshape(len(root), 12 * units))
        self._root_bias = np.tile(weights["root_bias"], 12)
        self._units = units
        self._weights = weights

    def log_chances(self, features: ChordFeatures) -> NDArray[np.float32]:
        """Return the logarithms of the chances (frames, CHORDS + 1) of each chord and of none."""
        weights = self._weights
        frames = len(features.chroma)
        hidden = features.chroma.reshape(frames, -1) @ self._roots + self._root_bias
        hidden = np.maximum(hidden, 0.0).reshape(frames, 12, self._units)
        modes = hidden @ weights["mode"] + weights["mode_bias"]
        summary = np.concatenate([hidden.mean(axis=1), hidden.max(axis=1), features.level], axis=1)
        none = np.maximum(summary @ weights["none"] + weights["none_bias"], 0.0)
        none = none @ weights["none_output"] + weights["none_output_bias"]
        logits = np.concatenate([modes[..., 0], modes[..., 1], none[:, None]], axis=1)
        return log_normalised(logits.astype(np.float32))


def log_normalised(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return logits (frames, n) minus the logarithm of the sum of their exponentials."""
    above = logits - logits.max(axis=1, keepdims=True)
    normalised: NDArray[np.float32] = above - np.log(np.exp(above).sum(axis=1, keepdims=True))
    return normalised


def read_weights(path: Path = BUILT_IN_WEIGHTS) -> dict[str, NDArray[Any]]:
    """Return the weights of the network and of the key's confidence, by name."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files}
