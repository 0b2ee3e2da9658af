"""What the chord network sees: the notes in three registers, and how loud and tonal a frame is."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.semitones import LOWEST_MIDI, SEMITONES

CONTEXT_FRAMES = 2
REGISTERS = 3
CHANNELS = 2 * REGISTERS
"""Each register in the frame itself, then in the mean of the frames around it."""
LEVELS = 6
"""Three figures of the frame itself, then of the mean of the frames around it."""

_REGISTER_MIDI = (33, 52, 69, 93)  # bass, middle, treble
_NEIGHBOURS = 9  # semitones to each side, whose mean is the floor of noise
_FLOOR_WEIGHT = 1.3
_COMPRESSION = 50.0
_TONAL_SHARE = 0.2  # of the loudest semitone


class ChordFeatures(NamedTuple):
    """The inputs of the chord network for each frame."""

    chroma: NDArray[np.float32]
    """Compressed magnitudes (frames, CHANNELS, 12) of the pitch classes, C first."""
    level: NDArray[np.float32]
    """Loudness, peakedness and number of loud semitones, (frames, LEVELS)."""


def chord_features(magnitudes: NDArray[np.float32]) -> ChordFeatures:
    """Return the features of semitone magnitudes (frames, SEMITONES), at least one frame."""
    loudest = magnitudes.max(axis=1)
    typical = float(np.quantile(loudest, 0.9)) + 1e-9
    clean = whitened(magnitudes)
    # Relative to the frame, but a quiet frame is not quite as clear as a loud one.
    reference = 0.7 * loudest[:, None] + 0.3 * typical
    compressed = np.log1p(_COMPRESSION * clean / reference) / np.log1p(_COMPRESSION)
    level = np.stack(
        [
            np.log10(loudest / typical + 1e-4),
            np.log10((loudest + 1e-9) / (magnitudes.mean(axis=1) + 1e-9)),
            4.0 * (clean > _TONAL_SHARE * loudest[:, None]).mean(axis=1),
        ],
        axis=1,
    )
    return ChordFeatures(
        _with_context(_folded(compressed)), _with_context(level.astype(np.float32))
    )


def whitened(magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the magnitudes (frames, SEMITONES) above the floor of their neighbourhood."""
    width = 2 * _NEIGHBOURS + 1
    root = np.pad(np.sqrt(magnitudes), ((0, 0), (_NEIGHBOURS + 1, _NEIGHBOURS)), "reflect")
    sums = np.cumsum(root, axis=1, dtype=np.float64)
    floor = ((sums[:, width:] - sums[:, :-width]) / width) ** 2
    return np.maximum(magnitudes - _FLOOR_WEIGHT * floor, 0.0).astype(np.float32)


def chroma(magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums (..., 12) of magnitudes (..., SEMITONES) over the octaves, C first."""
    octaves = magnitudes.reshape(*magnitudes.shape[:-1], SEMITONES // 12, 12)
    return np.roll(octaves.sum(axis=-2), LOWEST_MIDI % 12, axis=-1)


def _folded(magnitudes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of each pitch class in each register, (frames, REGISTERS, 12)."""
    registers = []
    for first, end in pairwise(_REGISTER_MIDI):
        part = np.zeros_like(magnitudes)
        part[:, first - LOWEST_MIDI : end - LOWEST_MIDI] = magnitudes[
            :, first - LOWEST_MIDI : end - LOWEST_MIDI
        ]
        registers.append(chroma(part) * (12.0 / (end - first)))
    return np.stack(registers, axis=1).astype(np.float32)


def _with_context(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values (frames, n, ...) with the means over the frames around, (frames, 2 n, ...)."""
    width = 2 * CONTEXT_FRAMES + 1
    edges = ((CONTEXT_FRAMES + 1, CONTEXT_FRAMES), *((0, 0) for _ in values.shape[1:]))
    sums = np.cumsum(np.pad(values, edges, "edge"), axis=0, dtype=np.float64)
    mean = (sums[width:] - sums[:-width]) / width
    return np.concatenate([values, mean], axis=1).astype(np.float32)
