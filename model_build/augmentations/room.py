"""Simulates a room: computes its impulse response, and applies a response to samples."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

SPEED_OF_SOUND_METRES_PER_SECOND = 343.0
WALL_MARGIN_METRES = 0.4
LOWEST_METRES, HIGHEST_METRES = 0.6, 1.6  # heights: a low shelf, the mouth of a standing player
MOST_PLACES_TRIED = 10_000


def shoebox_response(
    rng: np.random.Generator,
    *,
    distance_metres: float,
    rt60_seconds: float,
    sample_rate_hz: int = 16_000,
    dimensions_metres: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Return the impulse response, shape (taps,), between two places of a rectangular room.

    The first tap is the direct sound, of amplitude 1, so that filtered samples keep their onsets
    and the level of their direct sound. `rt60_seconds` is the time in which the sound of the room
    falls by 60 dB. The room is a random living room that holds the distance, unless
    `dimensions_metres` (length, width, height) is given; the two places are always random. The
    distance is rounded to whole samples of travel, about 2 cm. Raises ValueError if the distance
    is not positive or does not fit into the room, or if the room is too large for `rt60_seconds`.
    """
    import pyroomacoustics  # here, because the import is slow

    metres_per_sample = SPEED_OF_SOUND_METRES_PER_SECOND / sample_rate_hz
    direct_samples = round(distance_metres / metres_per_sample)
    if direct_samples < 1:
        raise ValueError(f"distance_metres must be positive, not {distance_metres}")
    if dimensions_metres is None:
        dimensions_metres = living_room(rng, distance_metres=distance_metres)
    microphone, source = _places(rng, dimensions_metres, direct_samples * metres_per_sample)
    absorption, max_order = pyroomacoustics.inverse_sabine(rt60_seconds, dimensions_metres)
    shoebox = pyroomacoustics.ShoeBox(
        dimensions_metres,
        fs=sample_rate_hz,
        materials=pyroomacoustics.Material(absorption),
        max_order=max_order,
    )
    shoebox.add_microphone(microphone)
    shoebox.add_source(source)
    shoebox.compute_rir()
    filter_delay_samples = pyroomacoustics.constants.get("frac_delay_length") // 2
    response = shoebox.rir[0][0][filter_delay_samples + direct_samples :]
    return np.asarray(response / response[0], dtype=np.float32)


def living_room(rng: np.random.Generator, *, distance_metres: float) -> NDArray[np.float64]:
    """Return length, width and height in metres, (3,), of a random room that holds the distance."""
    needed_metres = distance_metres + 2 * WALL_MARGIN_METRES
    length = max(rng.uniform(4.0, 6.5), needed_metres * rng.uniform(1.1, 1.5))
    width = length * rng.uniform(0.65, 0.9)
    return np.array([length, width, rng.uniform(2.4, 2.9)])


def room(samples: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples, shape (n,), convolved with the response, shape (taps,).

    The result has the same length; the reverberation after the last sample is cut off.
    """
    return np.asarray(fftconvolve(samples, response)[: samples.size], dtype=np.float32)


def _places(
    rng: np.random.Generator, dimensions_metres: NDArray[np.float64], distance_metres: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return random places of microphone and source, each (3,), exactly the distance apart."""
    lowest = np.array([WALL_MARGIN_METRES, WALL_MARGIN_METRES, LOWEST_METRES])
    highest = np.array([*(dimensions_metres[:2] - WALL_MARGIN_METRES), HIGHEST_METRES])
    for _ in range(MOST_PLACES_TRIED):
        microphone = rng.uniform(lowest, highest)
        direction = rng.normal(size=3)
        source = microphone + distance_metres * direction / np.linalg.norm(direction)
        if np.all((source >= lowest) & (source <= highest)):
            return microphone, source
    raise ValueError(f"{distance_metres:.2f} m do not fit into a room of {dimensions_metres} m")
