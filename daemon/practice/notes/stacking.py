"""Stack the harmonics of every key beside each other, so that the network sees them at one place.

This is done here and not in the network, where int8 concatenations cost a third of its time.
"""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.front_end import NoteFrontEnd
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

Frames = NDArray[np.float32]


def stacked(frames: Frames, front_end: NoteFrontEnd) -> Frames:
    """Return (n, 264, 11) of front-end frames (n, bins, 2); 0 where there is no bin.

    Channel c of bin b is the level or rise at the c-th multiple of the bin's frequency.
    """
    made = np.zeros((len(frames), STACKED_BINS, STACKED_CHANNELS), np.float32)
    sources = [(0, harmonic) for harmonic in LEVEL_HARMONICS]
    sources += [(1, harmonic) for harmonic in RISE_HARMONICS]
    for channel, (source, harmonic) in enumerate(sources):
        shift = round(front_end.bins_per_octave * np.log2(harmonic))
        low, high = max(0, shift), min(frames.shape[1], STACKED_BINS + shift)
        made[:, low - shift : high - shift, channel] = frames[:, low:high, source]
    return made


def key_levels_db(frames: Frames, front_end: NoteFrontEnd) -> Frames:
    """Return the level of each key in dBFS, (n, 88), of front-end frames (n, bins, 2).

    It is the power of the key's first four harmonics: -3 for a full-scale sine, and up to 5 dB
    more, because a bin also takes in the spectrum's points beside the harmonic.
    """
    amplitudes = 10.0 ** (2.0 * frames[:, :, 0] + np.log10(front_end.offset)) - front_end.offset
    power = 0.5 * np.square(np.maximum(amplitudes, 0.0))
    total = np.zeros((len(frames), KEYS), np.float32)
    keys = CONTOUR_BINS * np.arange(KEYS) + 1
    for harmonic in range(1, _SUMMED_HARMONICS + 1):
        places = keys + round(front_end.bins_per_octave * np.log2(harmonic))
        inside = places < frames.shape[1]
        total[:, inside] += power[:, places[inside]]
    decibels = 10.0 * np.log10(np.maximum(total, 10.0 ** (_SILENT_DB / 10.0)))
    return np.asarray(decibels, np.float32)
