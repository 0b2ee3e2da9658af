"""Draws random rooms until one is dry enough, and returns its response."""

import numpy as np
from numpy.typing import NDArray

from model_build.augmentations.room import shoebox_response

MOST_ROOMS_TRIED = 20


def random_room_response(
    rng: np.random.Generator,
    *,
    distance_metres: float | tuple[float, float],
    rt60_seconds: tuple[float, float],
) -> NDArray[np.float32]:
    """Return the impulse response, shape (taps,), of a random room: see `shoebox_response`.

    The reverberation time is drawn from a range; so is the distance, if it is one. Raises
    ValueError if no room of MOST_ROOMS_TRIED holds the distance and is as dry as required.
    """
    for _ in range(MOST_ROOMS_TRIED):
        metres = (
            rng.uniform(*distance_metres) if isinstance(distance_metres, tuple) else distance_metres
        )
        seconds = rng.uniform(*rt60_seconds)
        try:
            return shoebox_response(rng, distance_metres=metres, rt60_seconds=seconds)
        except ValueError:  # the room is too large to be so dry
            continue
    raise ValueError(f"no room holds {distance_metres} m and is as dry as {rt60_seconds} s")
