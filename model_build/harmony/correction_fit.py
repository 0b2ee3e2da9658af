"""Fit the correction of the network's scores: a convex problem of 84 weights."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmoniser.correction import Correction, Indicators, indicators
from daemon.practice.harmoniser.features import HISTORY_BEATS, REACH_BEATS
from daemon.practice.harmoniser.voices import PITCH_CLASS, Ints
from model_build.harmony.chorales.pieces import Batch, Piece, batch_of
from model_build.harmony.network import HarmonyNetwork, piece_scores

Floats = NDArray[np.float64]

CLASSES = 13
WEIGHTS_OF_VOICE = 2 + 2 * CLASSES
_VOICES = 3
_PIECES_AT_ONCE = 16
_CLASS_OF_SYMBOL = np.eye(CLASSES)[PITCH_CLASS]


class _Examples(NamedTuple):
    """The beats of one voice."""

    scores: Floats
    """The network's scores, (n, SYMBOLS)."""
    found: Indicators
    """What each candidate would form with the other voices."""
    true: Ints
    """The symbol that the composer chose, (n,)."""


def fit_correction(
    network: HarmonyNetwork, pieces: Sequence[Piece], *, passes: int, penalty: float
) -> Correction:
    """Return the correction that makes the pieces most likely.

    The network knows these pieces, so its scores are those with dropout, over some passes.
    `penalty` is the weight of the squared weights, in nats.
    """
    parts = [examples for _ in range(passes) for examples in _examples(network, pieces)]
    fitted = []
    for voice in range(_VOICES):
        own = [part[voice] for part in parts]
        joined = _Examples(
            np.concatenate([part.scores for part in own]),
            Indicators(
                *(np.concatenate(arrays) for arrays in zip(*(p.found for p in own), strict=True))
            ),
            np.concatenate([part.true for part in own]),
        )
        fitted.append(_minimum(joined, penalty))
    return Correction(
        parallels=[(round(float(w[0]), 4), round(float(w[1]), 4)) for w in fitted],
        doublings=[w[2 : 2 + CLASSES].round(4).tolist() for w in fitted],
        melody_doublings=[w[2 + CLASSES :].round(4).tolist() for w in fitted],
    )


def batch_indicators(batch: Batch) -> list[Indicators]:
    """Return what the candidates of each voice would form on each beat of a batch."""
    length = batch.present.shape[1]
    soprano = batch.steps[:, -length - REACH_BEATS - 1 : -REACH_BEATS, 0]
    before = batch.voices[:, HISTORY_BEATS - 1 : -1]
    now = batch.voices[:, HISTORY_BEATS:]
    return [
        indicators(
            before[..., voice],
            np.concatenate([soprano[:, :-1, None], before[..., :voice]], axis=-1),
            np.concatenate([soprano[:, 1:, None], now[..., :voice]], axis=-1),
        )
        for voice in range(_VOICES)
    ]


def _examples(network: HarmonyNetwork, pieces: Sequence[Piece]) -> list[list[_Examples]]:
    """Return the examples of each voice, by batches of pieces."""
    found = []
    for start in range(0, len(pieces), _PIECES_AT_ONCE):
        some = pieces[start : start + _PIECES_AT_ONCE]
        longest = max(len(piece.voices) for piece in some)
        batch = batch_of(some, [p.key.shift for p in some], [0] * len(some), longest)
        here = batch.present > 0
        scores = piece_scores(network, *batch[:3], training=True)
        found.append(
            [
                _Examples(
                    scores[voice].numpy()[here].astype(np.float64),
                    Indicators(*(array[here] for array in each)),
                    batch.voices[:, HISTORY_BEATS:, voice][here],
                )
                for voice, each in enumerate(batch_indicators(batch))
            ]
        )
    return found


def _minimum(examples: _Examples, penalty: float) -> Floats:
    """Return the weights of a voice, (WEIGHTS_OF_VOICE,), with the smallest loss."""
    from scipy.optimize import minimize

    found = examples.found

    def loss(weights: Floats) -> tuple[float, Floats]:
        by_class = weights[2:].reshape(2, CLASSES)[:, PITCH_CLASS]
        scores = examples.scores + found.parallels @ weights[:2]
        scores += found.doubled * by_class[0] + found.melody_doubled * by_class[1]
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        likely /= likely.sum(axis=1, keepdims=True)
        rows = np.arange(len(scores))
        nats = -np.log(likely[rows, examples.true] + 1e-12).sum() + penalty * weights @ weights
        likely[rows, examples.true] -= 1.0
        gradient = np.concatenate(
            [
                np.einsum("ns,nsk->k", likely, found.parallels),
                (likely * found.doubled).sum(axis=0) @ _CLASS_OF_SYMBOL,
                (likely * found.melody_doubled).sum(axis=0) @ _CLASS_OF_SYMBOL,
            ]
        )
        return float(nats), gradient + 2.0 * penalty * weights

    result = minimize(loss, np.zeros(WEIGHTS_OF_VOICE), jac=True, method="L-BFGS-B")
    weights: Floats = result.x
    return weights
