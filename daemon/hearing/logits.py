"""Convert between logits and probabilities."""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)

# Beyond this the sigmoid is 0 or 1 within either precision; exp() of a float32 overflows at 89.
_MOST = 80.0


def sigmoid(logits: NDArray[Float]) -> NDArray[Float]:
    """Return the probabilities in 0..1 of an array of logits, in the same precision."""
    one = logits.dtype.type(1.0)
    return one / (one + np.exp(-np.clip(logits, -_MOST, _MOST)))


def one_against_all(logits: NDArray[Float]) -> NDArray[Float]:
    """Return logits whose sigmoid is the softmax of `logits`, both (..., classes), over classes.

    There must be two classes or more.
    """
    others = np.repeat(logits[..., None, :], logits.shape[-1], axis=-2)
    np.einsum("...ii->...i", others)[...] = -np.inf
    highest = others.max(axis=-1, keepdims=True)
    rest = np.log(np.exp(others - highest).sum(axis=-1)) + highest[..., 0]
    found: NDArray[Float] = logits - rest
    return found


def logit(probability: float) -> float:
    """Return the logit of a probability in 0..1; for 0 and 1 the least and the greatest one."""
    if not 0.0 < probability < 1.0:
        return _MOST if probability >= 1.0 else -_MOST
    return min(_MOST, max(-_MOST, math.log(probability) - math.log1p(-probability)))


def probability_of(logit: float) -> float:
    """Return the probability in 0..1 of one logit."""
    return 1.0 / (1.0 + math.exp(-min(_MOST, max(-_MOST, logit))))


def shift_probability(probability: float, logits: float) -> float:
    """Return a probability between 0 and 1 (both excluded) after adding `logits` to its logit."""
    if logits == 0.0:
        return probability
    return 1.0 / (1.0 + math.exp(-math.log(probability / (1.0 - probability)) - logits))
