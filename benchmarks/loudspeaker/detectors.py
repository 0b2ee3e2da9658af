"""Fits linear detectors of loudspeakers, and measures them on other players and other devices."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.loudspeaker.collection import Collected
from benchmarks.loudspeaker.scenes import LIVE, WINDOWS
from model_build.augmentations.loudspeaker import LOUDSPEAKERS

Values = NDArray[np.float32]
Which = NDArray[np.bool_]

FOLDS = 3
PENALTY = 1_000.0  # the best of 100, 1 000 and 10 000 for most detectors
FARTHEST = 4.0  # standard deviations; larger values are clipped

# What each detector looks at. The families' scores tell it what to expect of the sound.
DETECTORS: Mapping[str, tuple[str, ...]] = {
    "log-mel": ("log_mel", "scores"),
    "spectrum": ("spectrum", "scores"),
    "log-mel+spectrum": ("log_mel", "spectrum", "scores"),
    "embedding": ("embedding",),
    "early": ("early",),
    "middle": ("middle",),
    "spectrum+early": ("spectrum", "scores", "early"),
}


class Figures(NamedTuple):
    """AUC by type of device, against all live sound."""

    window: dict[str, float]
    """From 4 s of sound."""
    event: dict[str, float]
    """From 16 s: the mean of four windows."""


def cross_validated(name: str, train: Collected, *, unseen: bool) -> Figures:
    """Return the mean figures over FOLDS thirds of the groups, each judged by a fit on the others.

    If `unseen`, the fit does not contain the type of device that it is measured on.
    """
    groups = np.random.default_rng(0).permutation(np.unique(train.groups))
    figures = []
    for fold in range(FOLDS):
        held = np.isin(train.groups, groups[fold::FOLDS])
        figures.append(measured(name, part(train, ~held), part(train, held), unseen=unseen))
    return Figures(_mean([one.window for one in figures]), _mean([one.event for one in figures]))


def measured(name: str, fitted_on: Collected, other: Collected, *, unseen: bool) -> Figures:
    """Return the figures on `other`; see `cross_validated`."""
    inputs, new = _inputs(name, fitted_on), _inputs(name, other)
    window, event = {}, {}
    logits: Values | None = None
    for device in LOUDSPEAKERS:
        if unseen or logits is None:
            kept = fitted_on.devices != device if unseen else np.ones(len(inputs), np.bool_)
            logits = _fitted(inputs[kept], fitted_on.is_loudspeaker[kept], new)
        counted = (other.devices == device) | (other.devices == LIVE)
        window[device] = _auc(other.is_loudspeaker[counted], logits[counted])
        of_events = logits[counted].reshape(-1, WINDOWS).mean(axis=1)
        event[device] = _auc(other.is_loudspeaker[counted][::WINDOWS], of_events)
    return Figures(window, event)


def part(collected: Collected, which: Which) -> Collected:
    """Return only the windows that `which`, (windows,), chooses."""
    values = {name: each[which] for name, each in collected.values.items()}
    return Collected(values, collected.devices[which], collected.groups[which])


def _inputs(name: str, collected: Collected) -> Values:
    return np.concatenate([collected.values[key] for key in DETECTORS[name]], axis=1)


def _fitted(inputs: Values, is_loudspeaker: Which, new: Values) -> Values:
    """Return the outputs for `new` of a ridge regression in which both classes weigh the same."""
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    scaled, new = (np.clip((each - centre) / spread, -FARTHEST, FARTHEST) for each in (inputs, new))
    share = is_loudspeaker.mean()
    weights = np.where(is_loudspeaker, 0.5 / share, 0.5 / (1.0 - share))[:, None]
    targets = np.where(is_loudspeaker, 1.0, -1.0)
    covariance = (scaled.T @ (scaled * weights)).astype(np.float64)
    covariance[np.diag_indices_from(covariance)] += PENALTY
    slopes = np.linalg.solve(covariance, (scaled * weights).T @ targets)
    return np.asarray(new @ slopes, np.float32)


def _auc(is_loudspeaker: Which, logits: Values) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(is_loudspeaker, logits))


def _mean(figures: list[dict[str, float]]) -> dict[str, float]:
    return {device: float(np.mean([one[device] for one in figures])) for device in figures[0]}
