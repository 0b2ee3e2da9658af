"""Find recordings of the same sound: with another header, gain, start or codec.

Two recordings are near-duplicates if their waveforms, at 8 kHz and from the first sound, correlate
with at least SIMILAR at the best lag. The cosine of their magnitude spectra is an upper bound of
that (Cauchy-Schwarz), also if neighbouring bins are pooled by their root of summed squares, and a
matrix product gives it for all pairs at once. Only pairs whose bound is high enough are compared.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.lab.data.inspection import MOST_SAMPLES

SIMILAR = 0.95
"""Correlation from which two recordings are the same sound."""

_FFT_SIZE = 65_536  # at least 2 * MOST_SAMPLES
_BANDS = 1_024
_ROWS_AT_ONCE = 512
_MOST_FAILURES = 20
"""Comparisons of a recording that may fail before the rest of its candidates is skipped."""

Sounds = Sequence[NDArray[np.float16]]


class Pair(NamedTuple):
    """Two near-duplicates, by their places in the list of recordings."""

    first: int
    """The earlier one."""
    second: int
    """The later one."""
    similarity: float
    """Their correlation at the best lag, SIMILAR..1."""


class NearDuplicates(NamedTuple):
    """The near-duplicates among some recordings."""

    clusters: NDArray[np.int64]
    """A number for each recording; near-duplicates have the same, also over several steps."""
    pairs: list[Pair]
    """Pairs that connect the clusters, not all that there are, the most similar first."""

    @property
    def groups(self) -> list[list[int]]:
        """The clusters of two or more recordings."""
        order = np.argsort(self.clusters, kind="stable")
        starts = np.flatnonzero(np.diff(self.clusters[order])) + 1
        return [part.tolist() for part in np.split(order, starts) if len(part) > 1]


def near_duplicates(sounds: Sounds) -> NearDuplicates:
    """Return the near-duplicates among sounds (n,) at 8 kHz; empty sounds have none."""
    parents = list(range(len(sounds)))
    pairs = []
    for first, candidates in _candidates(sounds):
        failures = 0
        for second in candidates:
            roots = _root(parents, first), _root(parents, second)
            if roots[0] == roots[1]:
                continue
            similarity = correlation(sounds[first], sounds[second])
            if similarity >= SIMILAR:
                parents[max(roots)] = min(roots)
                pairs.append(Pair(min(first, second), max(first, second), similarity))
            else:
                failures += 1
                if failures == _MOST_FAILURES:
                    break
    clusters = np.array([_root(parents, n) for n in range(len(sounds))], np.int64)
    return NearDuplicates(clusters, sorted(pairs, key=lambda pair: -pair.similarity))


def correlation(first: NDArray[np.float16], second: NDArray[np.float16]) -> float:
    """Return the highest absolute correlation of two sounds over all lags, 0..1."""
    one, other = first.astype(np.float32), second.astype(np.float32)
    size = 1 << (len(one) + len(other) - 1).bit_length()
    product = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    best = float(np.abs(np.fft.irfft(product, size)).max())
    return min(1.0, best / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))


def _candidates(sounds: Sounds) -> Iterator[tuple[int, list[int]]]:
    """Yield each recording with those that may be its near-duplicates, the likeliest first."""
    spectra = np.stack([_spectrum(sound) for sound in sounds])
    for start in range(0, len(spectra), _ROWS_AT_ONCE):
        bounds = spectra[start : start + _ROWS_AT_ONCE] @ spectra.T
        for row, bound in enumerate(bounds):
            bound[start + row] = 0.0
            found = np.flatnonzero(bound >= SIMILAR)
            yield start + row, found[np.argsort(-bound[found], kind="stable")].tolist()


def _spectrum(sound: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the pooled magnitude spectrum with a norm of 1; zeros for an empty sound."""
    power = np.square(np.abs(np.fft.rfft(sound[:MOST_SAMPLES].astype(np.float32), _FFT_SIZE)))
    pooled = np.sqrt(np.add.reduceat(power, _EDGES))
    return np.asarray(pooled / max(float(np.linalg.norm(pooled)), 1e-9), np.float32)


_EDGES = np.unique(
    np.round(np.linspace(0, np.sqrt(_FFT_SIZE // 2), _BANDS, endpoint=False) ** 2).astype(np.int64)
)
"""First bin of each band; the bands grow with frequency."""


def _root(parents: list[int], place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place
