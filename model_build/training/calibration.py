"""Calibrate a family: turn its logits into scores that are probabilities."""

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.logits import sigmoid
from daemon.hearing.model_file import Calibration

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.2, 5.0
_NEWTON_STEPS = 50
PRIOR_WINDOWS = 50.0
"""How many windows the prior counts as, for all families together."""
FAMILY_PRIOR_WINDOWS = 1000.0
"""The same for one family.

With 50, it followed the few held-back instruments, and fewer phrases were named right."""


def calibrate(
    logits: NDArray[np.float32],
    labels: NDArray[np.uint8],
    prior: Calibration = Calibration(),  # noqa: B008 (frozen)
    prior_windows: float = PRIOR_WINDOWS,
) -> Calibration:
    """Return the temperature and offset that turn logits (n,) into the probability of label 1.

    The result stays near `prior`, which counts as `prior_windows` windows: the held-out windows of
    one family come from few instruments, so the calibration of all families together is a better
    guess for each of them.

    Platt, "Probabilistic outputs for support vector machines" (1999), by Newton's method. The
    slope stays positive, so that the order of scores does not change.
    """
    x = np.stack([logits.astype(np.float64), np.ones(len(logits))], axis=1)
    prior_weight = prior_windows / len(x)
    start = np.array([1.0 / prior.temperature, prior.offset])
    slope_offset = start.copy()
    for _ in range(_NEWTON_STEPS):
        p = sigmoid(x @ slope_offset)
        gradient = x.T @ (p - labels) / len(x) + prior_weight * (slope_offset - start)
        curvature = (x * (p * (1.0 - p))[:, None]).T @ x / len(x) + prior_weight * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        slope_offset -= step / max(1.0, float(np.abs(step).max()))
    slope = float(np.clip(slope_offset[0], 1.0 / HIGHEST_TEMPERATURE, 1.0 / LOWEST_TEMPERATURE))
    return Calibration(temperature=1.0 / slope, offset=float(slope_offset[1]))


def calibrated(logits: NDArray[np.float32], calibration: Calibration) -> NDArray[np.float64]:
    """Return the scores in 0..1 of one family's logits, (n,)."""
    z = logits.astype(np.float64) / calibration.temperature + calibration.offset
    return sigmoid(z)
