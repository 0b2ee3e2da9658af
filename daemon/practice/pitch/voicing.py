"""Decide in which frames a followed pitch sounds: a logistic on features, then a two-state HMM."""

import math

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.features import Described, FeatureStream
from daemon.practice.pitch.path import Viterbi
from daemon.practice.pitch.voicing_weights import BIAS, WEIGHTS

VOICING_LOOK_AHEAD = 4
"""Frames: 0.08 s."""

_SILENCE_DB = -80.0
_MOVES = ((-math.log(0.9), -math.log(0.1)), (-math.log(0.1), -math.log(0.9)))
_LARGEST_LOGIT = 8.0
# The most frames of lines rendered with FluidSynth, clean and across noisy rooms, are right with
# this. Without it, more echo and noise is taken for a note.
_CAUTION = 2.0


class Voicing:
    """Decides voicing with a fixed look-ahead, with the same bits at any block length."""

    def __init__(self) -> None:
        self._features = FeatureStream()
        self._viterbi = Viterbi(2, VOICING_LOOK_AHEAD)

    def push(self, path: NDArray[np.float64], power: NDArray[np.float32]) -> list[bool]:
        """Return whether the frames that these decide are voiced.

        `path` is pitch in hertz and aperiodicity (frames, 2); `power` the mean square (frames,).
        """
        return self._decide(self._features.push(path, power))

    def finish(self) -> list[bool]:
        """Return the same of the remaining frames."""
        rest = self._decide(self._features.finish())
        return rest + [state == 1 for state in self._viterbi.finish()]

    def _decide(self, described: Described) -> list[bool]:
        logits = _logits(described)
        # The cost of a state is minus the logarithm of its probability.
        costs = np.stack([np.logaddexp(0.0, logits), np.logaddexp(0.0, -logits)], axis=1)
        states = [self._viterbi.push(cost, _MOVES) for cost in costs.tolist()]
        return [state == 1 for state in states if state is not None]


def _logits(described: Described) -> NDArray[np.float64]:
    """Return the logit (frames,) of being voiced."""
    logits: NDArray[np.float64] = np.full(len(described.db), BIAS - _CAUTION)
    # Column by column: a matrix product may round differently in blocks of different lengths.
    for column, weight in enumerate(WEIGHTS):
        logits += weight * described.features[:, column]
    np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT, out=logits)
    logits[described.is_noise | (described.db < _SILENCE_DB)] = -_LARGEST_LOGIT
    return logits
