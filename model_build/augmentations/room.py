"""Dry samples and a room's impulse response in, the same samples as heard across that room out."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

SPEED_OF_SOUND_METRES_PER_SECOND = 343.0
WALL_MARGIN_METRES = 0.4
LOWEST_METRES, HIGHEST_METRES = 0.6, 1.6  # a low shelf, a standing player's mouth
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

    The first tap is the direct sound, of amplitude 1: what is heard through the response keeps
    its onsets and the level of its direct sound. Without `dimensions_metres` (length, width,
    height) a living room that holds the distance is drawn; the two places are always drawn. The
    distance is rounded to whole samples of travel, about 2 cm. Raises ValueError for a distance
    that is not positive or does not fit, and for a room too large to be as dry as asked.
    """
    import pyroomacoustics  # here, because it is slow to import

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
    """Return length, width and height in metres, shape (3,), of a room that holds the distance."""
    needed_metres = distance_metres + 2 * WALL_MARGIN_METRES
    length = max(rng.uniform(4.0, 6.5), needed_metres * rng.uniform(1.1, 1.5))
    width = length * rng.uniform(0.65, 0.9)
    return np.array([length, width, rng.uniform(2.4, 2.9)])


def room(samples: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples, shape (n,), as heard through the response, shape (taps,); same length.

    What would still ring after the last sample is cut off.
    """
    return np.asarray(fftconvolve(samples, response)[: samples.size], dtype=np.float32)


def _places(
    rng: np.random.Generator, dimensions_metres: NDArray[np.float64], distance_metres: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw a microphone and a source, each shape (3,), exactly the distance apart."""
    lowest = np.array([WALL_MARGIN_METRES, WALL_MARGIN_METRES, LOWEST_METRES])
    highest = np.array([*(dimensions_metres[:2] - WALL_MARGIN_METRES), HIGHEST_METRES])
    for _ in range(MOST_PLACES_TRIED):
        microphone = rng.uniform(lowest, highest)
        direction = rng.normal(size=3)
        source = microphone + distance_metres * direction / np.linalg.norm(direction)
        if np.all((source >= lowest) & (source <= highest)):
            return microphone, source
    raise ValueError(f"{distance_metres:.2f} m do not fit into a room of {dimensions_metres} m")
