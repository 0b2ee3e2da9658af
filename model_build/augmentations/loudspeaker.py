"""Plays samples through a small loudspeaker: a television, a phone, a radio and others.

The programme is compressed and coded with losses, then the device limits the band, resonates and
distorts. Every parameter is drawn from a range of the device's type. The ranges are estimates from
common data sheets and reviews, not measurements.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.compression import compression
from model_build.augmentations.level import level
from model_build.augmentations.lossy_codec import lossy_codec
from model_build.augmentations.microphone import peaking

PROGRAMME_DBFS = -20.0
HIGHEST_CORNER_HZ = 7_600.0  # a higher low-pass makes no difference at 16 kHz
OVERSAMPLING = 2  # so that the harmonics of the highest tones are not folded back

Range = tuple[float, float]


class Loudspeaker(NamedTuple):
    """The ranges that a type's parameters are drawn from."""

    low_hz: Range
    """Corner frequency of the high-pass, of second or fourth order."""
    high_hz: Range
    """Corner frequency of the low-pass, of second order; none from HIGHEST_CORNER_HZ on."""
    resonances: tuple[int, int]
    """Number of resonances between `low_hz` and 7 kHz."""
    peak_db: Range
    """Gain of a resonance."""
    drive_db: Range
    """RMS level, relative to the level of hard distortion, at which the device is driven."""
    ratio: Range
    """Compression ratio of the programme and the device together."""
    coded: float
    """Share of programmes that went through a codec with audible losses."""
    pair: bool
    """True if two loudspeakers play."""


LOUDSPEAKERS: Mapping[str, Loudspeaker] = {
    "television": Loudspeaker(
        (90, 250), (5_000, 12_000), (4, 8), (-7, 7), (-24, -10), (1.5, 5), 0.6, pair=True
    ),
    "phone": Loudspeaker(
        (300, 900), (5_000, 12_000), (3, 6), (-6, 11), (-18, -4), (1.5, 6), 0.7, pair=False
    ),
    "smart speaker": Loudspeaker(
        (60, 140), (5_000, 12_000), (3, 6), (-6, 7), (-24, -10), (1.3, 4), 0.5, pair=False
    ),
    "kitchen radio": Loudspeaker(
        (100, 300), (3_000, 7_500), (4, 8), (-7, 9), (-22, -8), (3, 8), 0.8, pair=False
    ),
    "laptop": Loudspeaker(
        (180, 500), (6_000, 12_000), (4, 8), (-8, 9), (-20, -6), (1.3, 5), 0.6, pair=True
    ),
    "hi-fi": Loudspeaker(
        (40, 80), (7_000, 12_000), (2, 5), (-3, 3), (-36, -24), (1, 2), 0.3, pair=True
    ),
    "portable speaker": Loudspeaker(
        (70, 180), (5_000, 12_000), (3, 6), (-6, 8), (-16, -5), (1.5, 6), 0.7, pair=False
    ),
    "sound bar": Loudspeaker(
        (50, 130), (6_000, 12_000), (4, 8), (-5, 6), (-26, -12), (1.5, 4), 0.5, pair=True
    ),
}


def loudspeaker(
    samples: NDArray[np.float32], rng: np.random.Generator, kind: Loudspeaker
) -> NDArray[np.float32]:
    """Return the samples, shape (n,), as a random device of the type plays them."""
    programme = level(samples, dbfs=PROGRAMME_DBFS)
    programme = compression(programme, rng, ratio=rng.uniform(*kind.ratio))
    if rng.random() < kind.coded:
        programme = lossy_codec(programme, rng)
    lows = _high_pass(programme, rng, kind)
    driven = _distorted(lows, rng, drive_db=rng.uniform(*kind.drive_db))
    return _coloured(driven, rng, kind)


def _high_pass(
    samples: NDArray[np.float32], rng: np.random.Generator, kind: Loudspeaker
) -> NDArray[np.float32]:
    order = 2 * int(rng.integers(1, 3))  # a closed box, or one with a port or passive radiator
    corner_hz = _log_uniform(rng, kind.low_hz)
    sections = butter(order, corner_hz, "highpass", fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(sosfilt(sections, samples), np.float32)


def _distorted(
    samples: NDArray[np.float32], rng: np.random.Generator, *, drive_db: float
) -> NDArray[np.float32]:
    """Return the samples saturated, with odd and even harmonics; their level changes."""
    import soxr

    rates = SAMPLE_RATE_HZ, OVERSAMPLING * SAMPLE_RATE_HZ
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) or 1.0
    driven = soxr.resample(samples, *rates) * np.float32(10.0 ** (drive_db / 20.0) / rms)
    offset = rng.uniform(-0.2, 0.2)  # the cone moves further in one direction
    saturated = np.tanh(driven + offset) - np.tanh(offset)
    back = soxr.resample(saturated.astype(np.float32), *reversed(rates))
    return np.asarray(np.resize(back, len(samples)), np.float32)


def _coloured(
    samples: NDArray[np.float32], rng: np.random.Generator, kind: Loudspeaker
) -> NDArray[np.float32]:
    sections = []
    for _ in range(int(rng.integers(*kind.resonances, endpoint=True))):
        centre_hz = _log_uniform(rng, (kind.low_hz[0], 7_000.0))
        sections.append(peaking(centre_hz, rng.uniform(*kind.peak_db), rng.uniform(0.7, 6.0)))
    corner_hz = _log_uniform(rng, kind.high_hz)
    if corner_hz < HIGHEST_CORNER_HZ:
        sections += butter(2, corner_hz, fs=SAMPLE_RATE_HZ, output="sos").tolist()
    return np.asarray(sosfilt(np.array(sections), samples), np.float32)


def _log_uniform(rng: np.random.Generator, between: Range) -> float:
    return float(np.exp(rng.uniform(*np.log(between))))
