"""Household noise: the sounds of a home that no instrument makes, computed anew for each clip."""

from collections.abc import Callable

import numpy as np

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.rendering.household import impacts, machines, textures
from model_build.rendering.household.signals import Rng, Samples

PEAK = 0.5

SORTS: dict[str, Callable[[Rng, int], Samples]] = {
    "beeps": machines.beeps,
    "clock": impacts.clock,
    "dishes": impacts.dishes,
    "fan": machines.fan,
    "fire": textures.fire,
    "fridge": machines.fridge,
    "hair-dryer": machines.hair_dryer,
    "hiss": machines.hiss,
    "hum": machines.hum,
    "knocks": impacts.knocks,
    "rain": textures.rain,
    "rustle": textures.rustle,
    "slams": impacts.slams,
    "steps": impacts.steps,
    "taps": impacts.taps,
    "typing": impacts.typing,
    "vacuum": machines.vacuum,
    "washing-machine": machines.washing_machine,
    "water": textures.water,
}
"""Each sort of noise, as a function of a random generator and a number of samples."""


def household_noise(sort: str, rng: Rng, seconds: float) -> Samples:
    """Return samples (n,) of one of SORTS, with a peak of half of full scale."""
    samples = SORTS[sort](rng, round(seconds * SAMPLE_RATE_HZ))
    return np.asarray(PEAK * samples / max(float(np.abs(samples).max()), 1e-9), np.float32)
