"""Stack the harmonics of every key beside each other, so that the network sees them at one place.

This is done here and not in the network, where int8 concatenations cost a third of its time.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.log_frequency import CHANNELS
from daemon.practice.notes.note_creation import CONTOUR_BINS, KEYS

STACKED_BINS = CONTOUR_BINS * KEYS
"""Bins of a stacked frame, three for each key."""
LEVEL_HARMONICS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
"""The multiples of a bin's frequency whose level is stacked."""
RISE_HARMONICS = (1.0, 2.0, 3.0)
"""The multiples whose rise is stacked."""
STACKED_CHANNELS = len(LEVEL_HARMONICS) + len(RISE_HARMONICS)
"""Channels of a stacked frame: level, then rise."""

_SUMMED_HARMONICS = 4
_SILENT_DB = -200.0
_DECADES = np.float32(2.0 * np.log(10.0))
"""A frame's values are half of a decimal logarithm."""

Frames = NDArray[np.float32]


def stacked(frames: Frames, front_end: NoteFrontEnd) -> Frames:
    """Return (n, 264, 11) of front-end frames (n, bins, 2); 0 where there is no bin.

    Channel c of bin b is the level or rise at the c-th multiple of the bin's frequency.
    """
    flat = np.zeros((len(frames), CHANNELS * front_end.bins + 1), np.float32)
    flat[:, :-1] = frames.reshape(len(frames), -1)
    places = _stacked_places(front_end.bins, front_end.bins_per_octave)
    made: Frames = np.take(flat, places, axis=1, mode="clip")
    return made


def key_levels_db(frames: Frames, front_end: NoteFrontEnd) -> Frames:
    """Return the level of each key in dBFS, (n, 88), of front-end frames (n, bins, 2).

    It is the power of the key's first four harmonics: -3 for a full-scale sine, and up to 5 dB
    more, because a bin also takes in the spectrum's points beside the harmonic.
    """
    offset = np.float32(front_end.offset)
    amplitudes = np.exp(frames[:, :, 0] * _DECADES)
    amplitudes *= offset
    amplitudes -= offset
    np.maximum(amplitudes, 0.0, out=amplitudes)
    shifts = [round(front_end.bins_per_octave * np.log2(1 + k)) for k in range(_SUMMED_HARMONICS)]
    above = max(front_end.bins, STACKED_BINS + shifts[-1])
    power = np.zeros((len(frames), above), np.float32)
    np.square(amplitudes, out=power[:, : front_end.bins])
    total = np.zeros((len(frames), KEYS), np.float32)
    for shift in shifts:
        total += power[:, 1 + shift : STACKED_BINS + shift : CONTOUR_BINS]
    total *= np.float32(0.5)
    decibels = 10.0 * np.log10(np.maximum(total, 10.0 ** (_SILENT_DB / 10.0)))
    return np.asarray(decibels, np.float32)


@lru_cache(maxsize=4)
def _stacked_places(bins: int, per_octave: int) -> NDArray[np.intp]:
    """Return where in a frame each stacked value is, (264, 11); one past its end where none is."""
    places = np.full((STACKED_BINS, STACKED_CHANNELS), CHANNELS * bins, np.intp)
    sources = [(0, harmonic) for harmonic in LEVEL_HARMONICS]
    sources += [(1, harmonic) for harmonic in RISE_HARMONICS]
    for channel, (source, harmonic) in enumerate(sources):
        shift = round(per_octave * np.log2(harmonic))
        low, high = max(0, shift), min(bins, STACKED_BINS + shift)
        places[low - shift : high - shift, channel] = CHANNELS * np.arange(low, high) + source
    return places
