"""Logits and the probabilities that they stand for."""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)

# Beyond this a sigmoid is 0 or 1 in either precision, and a float32 exponential overflows at 89.
_MOST = 80.0


def sigmoid(logits: NDArray[Float]) -> NDArray[Float]:
    """Probabilities in 0..1 of an array of logits, in its precision."""
    one = logits.dtype.type(1.0)
    return one / (one + np.exp(-np.clip(logits, -_MOST, _MOST)))


def shifted(probability: float, logits: float) -> float:
    """A probability in 0..1, both excluded, moved by a number of logits."""
    if logits == 0.0:
        return probability
    return 1.0 / (1.0 + math.exp(-math.log(probability / (1.0 - probability)) - logits))
