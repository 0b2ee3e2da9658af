"""The conditions that phrases are played under in a sweep: noise, distance, level."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from daemon.errors import InputError
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.corpus.clip_sound import Samples

ROOMS = 3  # at each distance
RT60_SECONDS = (0.3, 0.6)
HISS_DBFS = -72.0


class Conditions(NamedTuple):
    """Where a phrase is heard. A sweep changes one condition and keeps the others."""

    distance_metres: float = 2.0
    """Distance of the instrument from the microphone."""
    snr_db: float | None = None
    """Level of the phrase above household noise; None without noise."""
    level_dbfs: float = -32.0
    """Level at the microphone."""


SWEPT: dict[str, tuple[float, ...]] = {
    "snr_db": (0.0, 5.0, 10.0, 20.0, 30.0),
    "distance_metres": (0.5, 1.0, 2.0, 4.0),
    "level_dbfs": (-60.0, -50.0, -40.0, -30.0, -20.0),
}

Rooms = Mapping[float, Sequence[Samples]]
"""Room responses by distance in metres."""


def draw_rooms(rng: np.random.Generator) -> Rooms:
    """Return some room responses for each distance of a sweep.

    Raises InputError if no room of the reverberation times is large enough.
    """
    distances = {Conditions().distance_metres, *SWEPT["distance_metres"]}
    return {d: [_response(d, rng) for _ in range(ROOMS)] for d in sorted(distances)}


def sound_under(
    conditions: Conditions,
    dry: Samples,
    noises: Sequence[Samples],
    rooms: Rooms,
    rng: np.random.Generator,
) -> Samples:
    """Return the phrase `dry`, (n,), as it sounds under the conditions, with a little hiss."""
    responses = rooms[conditions.distance_metres]
    sound = room(dry, responses[int(rng.integers(len(responses)))])
    hiss = level(coloured(rng, len(sound), exponent=1.0), dbfs=HISS_DBFS)
    if conditions.snr_db is not None:
        background = noises[int(rng.integers(len(noises)))]
        sound = noise(sound, rng, background=background, snr_db=conditions.snr_db)
    return level(sound, dbfs=conditions.level_dbfs) + hiss


def _response(distance_metres: float, rng: np.random.Generator) -> Samples:
    try:
        response = random_room_response(
            rng, distance_metres=distance_metres, rt60_seconds=RT60_SECONDS
        )
    except ValueError as error:
        raise InputError(str(error)) from None
    return response[:SAMPLE_RATE_HZ]
