"""Tempograms: how well each tempo explains an onset strength."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.beats.onset_strength import FRAMES_PER_SECOND

TEMPI_BPM: NDArray[np.float64] = np.exp(np.arange(np.log(38.0), np.log(250.0), 0.01))
"""The tempi (m,) of a tempogram, in beats a minute, one percent apart."""
PRIOR_BPM, PRIOR_OCTAVES = 100.0, 1.0
"""Centre and standard deviation of the log-normal prior of the felt tempo.

The centre is the pulse that listeners prefer, 600 ms: Parncutt, "A Perceptual Model of
Pulse Salience and Metrical Accent in Musical Rhythms" (1994). The deviation is wider than his, so
that slow clicks are not counted double.
"""

_LONGEST_LAG_FRAMES = 640
# Weights of the lags of one to four beats; the fourth is a bar of most music.
_COMB = (1.0, 0.8, 0.6, 0.7)
_FFT_SIZE = 1 << 15


def prior(bpm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the prior of each tempo, 0..1: 1 at 100 bpm, 0.61 an octave away from it.

    It decides between a tempo and its double or half.
    """
    octaves = np.log2(bpm / PRIOR_BPM) / PRIOR_OCTAVES
    weights: NDArray[np.float64] = np.exp(-0.5 * octaves**2)
    return weights


def autocorrelation(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the autocorrelation (641,) of an onset strength (n,) at lags of 0..640 frames.

    It is 1 at lag 0, if the strength varies, and unbiased up to lags of three quarters of n.
    """
    count = len(strength)
    centred = strength - strength.mean()
    size = 1 << int(np.ceil(np.log2(count + _LONGEST_LAG_FRAMES + 1)))
    spectrum = np.fft.rfft(centred, size)
    sums = np.fft.irfft((spectrum * spectrum.conj()).real, size)[: _LONGEST_LAG_FRAMES + 1]
    overlap = np.maximum(count - np.arange(_LONGEST_LAG_FRAMES + 1), 0.25 * count)
    means = sums / overlap
    correlation: NDArray[np.float64] = means / (means[0] + 1e-12)
    return correlation


def regularity(correlation: NDArray[np.float64], bpm: float) -> float:
    """Return the largest `autocorrelation` within 2 % of the lag of one beat, at most 1."""
    lag = 60.0 * FRAMES_PER_SECOND / bpm * np.array([0.98, 0.99, 1.0, 1.01, 1.02])
    return float(_at(correlation, lag).max())


def comb(correlation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the tempogram (m,) of lags: the weighted mean of the lags of one to four beats."""
    positive = np.maximum(correlation, 0.0)
    lags = 60.0 * FRAMES_PER_SECOND / TEMPI_BPM
    beats = enumerate(_COMB, start=1)
    total: NDArray[np.float64] = np.sum([w * _at(positive, k * lags) for k, w in beats], axis=0)
    return total / sum(_COMB)


def fourier(
    strength: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Fourier magnitudes 0..1 of an onset strength (n,): (m,) at each tempo, and twice.

    The second ones are those at the twofold frequencies.
    """
    centred = (strength - strength.mean()) * np.hanning(len(strength))
    size = max(_FFT_SIZE, 1 << int(np.ceil(np.log2(len(centred)))))
    magnitude = np.abs(np.fft.rfft(centred, size)) / (np.abs(centred).sum() + 1e-9)
    hz = np.arange(len(magnitude)) * FRAMES_PER_SECOND / size
    single = np.interp(TEMPI_BPM / 60.0, hz, magnitude)
    return single, np.interp(TEMPI_BPM / 30.0, hz, magnitude)


def tempogram(
    strength: NDArray[np.float64], correlation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the product (m,) of both tempograms of an onset strength, without the prior.

    The comb favours multiples of the beat's duration and the Fourier magnitude its fractions;
    both are high only at the beat and close relatives. The twofold frequency counts too, because
    many beats are divided into halves.
    """
    single, double = fourier(strength)
    product: NDArray[np.float64] = comb(correlation) * np.sqrt(single + 0.5 * double)
    return product


def likely_bpm(product: NDArray[np.float64]) -> float:
    """Return the tempo at which a tempogram (m,), weighted with the prior, is highest."""
    return float(TEMPI_BPM[int((product * prior(TEMPI_BPM)).argmax())])


def _at(correlation: NDArray[np.float64], lags: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.interp(lags, np.arange(len(correlation)), correlation, right=0.0)
