"""The mean of a figure over recordings, with an interval that respects their sources."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_RESAMPLES = 2_000
_SEED = 0


class Estimate(NamedTuple):
    """A mean with its confidence interval (95 %)."""

    value: float
    """The mean."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""
    n: int
    """Number of recordings."""


def mean_over_sources(values: Sequence[float], sources: Sequence[str]) -> Estimate:
    """Return the mean of values, one a recording; `sources` names the source of each.

    The interval is a percentile bootstrap that draws whole sources, because recordings of one
    player are alike. NaN is left out. Raises ValueError if no value remains.
    """
    known = [(v, s) for v, s in zip(values, sources, strict=True) if np.isfinite(v)]
    if not known:
        raise ValueError("no recording has this figure")
    names = sorted({source for _, source in known})
    sums = np.array([sum(v for v, s in known if s == name) for name in names])
    counts = np.array([sum(s == name for _, s in known) for name in names])
    drawn = np.random.default_rng(_SEED).integers(len(names), size=(_RESAMPLES, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high), len(known))
