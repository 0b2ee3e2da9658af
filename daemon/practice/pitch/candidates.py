"""Choose the few likely pitches of every frame, with their probabilities.

The probabilities are those of Mauch and Dixon, "pYIN: a fundamental frequency estimator using
probabilistic threshold distributions" (2014). YIN takes the first minimum below a threshold; if
the threshold is drawn from a Beta distribution, each minimum is taken with a probability that its
cumulative distribution gives directly, without a loop over thresholds.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.periodicity import LONGEST_LAG
from daemon.sound.window import SAMPLE_RATE_HZ

CANDIDATES = 4
"""Candidates of a frame; more did not find more pitches."""
HIGHEST_HZ = 2_100.0
"""Above it a period has fewer than 8 samples."""
LOWEST_HZ = SAMPLE_RATE_HZ / (LONGEST_LAG - 1)

_SHORTEST_LAG = int(SAMPLE_RATE_HZ / HIGHEST_HZ)
_WORST_APERIODICITY = 0.9
# Most thresholds follow Beta(2, 18), with mean 0.1: pYIN's preferred one. The others follow
# Beta(2, 4): in noise and echo no period is below a low threshold, and without higher ones the
# deepest minimum, often at a multiple of the period, would win.
_BETA, _BETA_IN_NOISE = 18.0, 4.0
_NOISE_SHARE = 0.1
# The lowest minimum keeps this share of the probability that no threshold gives to any.
_LOWEST_SHARE = 0.01
# Fine pitch is read at a multiple of the period of at most this lag: a lag is found to a fixed
# part of a sample, so that at the m-th multiple the period is m times as exact.
_REACH_SAMPLES = 200.0
_LARGEST_CORRECTION_SEMITONES = 0.5


class Candidates(NamedTuple):
    """The likely pitches of each frame, the likeliest first."""

    hz: NDArray[np.float64]
    """Pitch (frames, CANDIDATES) in hertz; LOWEST_HZ where there are fewer candidates."""
    probability: NDArray[np.float64]
    """Probability (frames, CANDIDATES), 0..1."""
    aperiodicity: NDArray[np.float64]
    """Normalised difference (frames, CANDIDATES) at the period, 0..1; 1 without a candidate."""


def candidates(difference: NDArray[np.float32]) -> Candidates:
    """Return the candidates of the normalised differences (frames, lags)."""
    frames = len(difference)
    frame, lag, depth = _minima(difference)
    count = np.bincount(frame, minlength=frames)
    columns = max(CANDIDATES, int(count.max(initial=0)))
    column = np.arange(len(frame)) - np.repeat(np.cumsum(count) - count, count)
    lags = np.full((frames, columns), float(LONGEST_LAG - 1))
    depths = np.ones((frames, columns))
    lags[frame, column], depths[frame, column] = lag, depth
    chances = _probabilities(depths)
    # A stable order, so that equal probabilities are sorted alike in every block.
    best = np.argsort(-chances, axis=1, kind="stable")[:, :CANDIDATES]
    lags = np.take_along_axis(lags, best, 1)
    return Candidates(
        _refined(lags, difference),
        np.take_along_axis(chances, best, 1),
        np.take_along_axis(depths, best, 1),
    )


def _minima(
    difference: NDArray[np.float32],
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return frame, lag and depth of all local minima, (n,) each, by parabola."""
    middle = difference[:, _SHORTEST_LAG:LONGEST_LAG]
    left = difference[:, _SHORTEST_LAG - 1 : LONGEST_LAG - 1]
    right = difference[:, _SHORTEST_LAG + 1 :]
    frame, column = np.nonzero((middle < left) & (middle <= right) & (middle < _WORST_APERIODICITY))
    shift, depth = _parabola(left[frame, column], middle[frame, column], right[frame, column])
    return frame, column + _SHORTEST_LAG + shift, depth


def _parabola(
    left: NDArray[np.float32], middle: NDArray[np.float32], right: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return position and value of the lowest point of parabolas through three points each."""
    before, at, after = (points.astype(np.float64) for points in (left, middle, right))
    curvature = np.maximum(before - 2.0 * at + after, 1e-9)
    shift = np.clip(0.5 * (before - after) / curvature, -0.5, 0.5)
    return shift, np.maximum(at - 0.25 * (before - after) * shift, 0.0)


def _probabilities(depths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of each minimum (frames, n), given their depths by rising lag."""
    lowest_before = np.ones_like(depths)
    np.minimum.accumulate(depths[:, :-1], axis=1, out=lowest_before[:, 1:])
    chances = np.maximum(_below(lowest_before) - _below(depths), 0.0)
    row, lowest = np.arange(len(depths)), depths.argmin(axis=1)
    # No threshold below the lowest minimum finds any.
    left_over = _below(depths[row, lowest])
    chances[row, lowest] += _LOWEST_SHARE * left_over
    return chances


def _below(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cumulative distribution of the thresholds at values of 0..1."""
    clean, noisy = (
        1.0 - (1.0 + beta * value) * (1.0 - value) ** beta for beta in (_BETA, _BETA_IN_NOISE)
    )
    return np.asarray((1.0 - _NOISE_SHARE) * clean + _NOISE_SHARE * noisy)


def _refined(lags: NDArray[np.float64], difference: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the pitch in hertz of each lag (frames, n), read at a multiple of the period."""
    multiple = np.maximum(1.0, np.floor(_REACH_SAMPLES / lags))
    row = np.arange(len(lags))[:, None]
    nearest = np.clip(np.rint(multiple * lags).astype(np.intp), 2, LONGEST_LAG - 2)
    around = nearest[..., None] + np.arange(-1, 2)
    nearest += difference[row[..., None], around].argmin(axis=-1) - 1
    nearest = np.clip(nearest, 1, LONGEST_LAG - 1)
    shift, _ = _parabola(
        difference[row, nearest - 1], difference[row, nearest], difference[row, nearest + 1]
    )
    coarse = SAMPLE_RATE_HZ / lags
    fine = multiple * SAMPLE_RATE_HZ / (nearest + shift)
    is_near = np.abs(12.0 * np.log2(fine / coarse)) < _LARGEST_CORRECTION_SEMITONES
    return np.where(is_near, fine, coarse)
