"""Recordings as a microphone across a room hears them, with household noise."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_build.augmentations.level import level
from model_build.augmentations.noise import noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.practice.joined_negatives import read_clip

Samples = NDArray[np.float32]

DISTANCE_METRES = (1.0, 4.0)
RT60_SECONDS = (0.2, 0.7)
SNR_DB = 15.0
LEVEL_DBFS = -32.0
SEED = 1
"""Together with a recording's number, it decides the room and the noise of a recording."""


def across_a_room(samples: Samples, noises: Sequence[Path], *, number: int) -> Samples:
    """Return the samples (n,) at 16 kHz in a random room, the same for the same `number`.

    `noises` are files of household noise, of which one is heard, again and again if it is shorter.
    """
    rng = np.random.default_rng((SEED, number))
    return in_room(samples, random_response(rng), noises, rng, snr_db=SNR_DB)


def random_response(rng: np.random.Generator) -> Samples:
    """Return the response of a random room, 1 to 4 m away."""
    return random_room_response(rng, distance_metres=DISTANCE_METRES, rt60_seconds=RT60_SECONDS)


def in_room(
    samples: Samples,
    response: Samples,
    noises: Sequence[Path],
    rng: np.random.Generator,
    *,
    snr_db: float,
) -> Samples:
    """Return the samples (n,) in the room of a response, with a random one of the noises."""
    heard = room(samples, response)
    background = _random_noise(noises, rng)
    return level(noise(heard, rng, background=background, snr_db=snr_db), dbfs=LEVEL_DBFS)


def _random_noise(noises: Sequence[Path], rng: np.random.Generator) -> Samples:
    """Return the sound of a random file; silent files are passed over."""
    for index in rng.permutation(len(noises)).tolist():
        sound = read_clip(noises[index])
        if sound.any():
            return sound
    raise ValueError("all noises are silent")
