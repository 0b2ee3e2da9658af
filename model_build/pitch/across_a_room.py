"""Recordings as a microphone across a room hears them, with household noise."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.noise import noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room

Samples = NDArray[np.float32]

DISTANCE_METRES = (1.0, 4.0)
RT60_SECONDS = (0.2, 0.7)
SNR_DB = 15.0
LEVEL_DBFS = -32.0
SEED = 1
"""Together with a recording's number, it decides the room and the noise of a recording."""


def across_a_room(samples: Samples, noises: Sequence[Path], *, number: int) -> Samples:
    """Return the samples (n,) at 16 kHz in a random room, the same for the same `number`.

    `noises` are files of household noise; random ones are joined until they cover the recording.
    """
    rng = np.random.default_rng([SEED, number])
    response = random_room_response(rng, distance_metres=DISTANCE_METRES, rt60_seconds=RT60_SECONDS)
    heard = room(samples, response)
    background = _joined(noises, len(heard), rng)
    return level(noise(heard, rng, background=background, snr_db=SNR_DB), dbfs=LEVEL_DBFS)


def _joined(noises: Sequence[Path], size: int, rng: np.random.Generator) -> Samples:
    """Return at least `size` samples, or a second, of random files at equal levels."""
    parts: list[Samples] = []
    while sum(map(len, parts)) < max(size, SAMPLE_RATE_HZ):
        parts.append(
            level(read_sound(str(noises[int(rng.integers(len(noises)))])), dbfs=LEVEL_DBFS)
        )
    return np.concatenate(parts)
