"""The sound of a soak: stretches of the demo's medley, each ended by a fault."""

from collections.abc import Iterator
from functools import cache
from itertools import cycle
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.commands.demo.medley import MEDLEY
from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ

HOUR_SECONDS = 3600
FAULTS = ("lost", "zeros", "lost", "refused", "lost", "zeros", "lost", "frozen")
Samples = NDArray[np.float32]


class Stretch(NamedTuple):
    """Sound without interruption, and the fault that ends it."""

    seconds: int
    """Length of the sound, in whole seconds."""
    fault: str
    """One of `FAULTS`, or `end` for the last stretch."""


@cache
def medley() -> Samples:
    """Return the demo's medley, padded to whole seconds."""
    samples = read_sound(str(MEDLEY))
    samples = np.concatenate([samples, np.zeros(-len(samples) % SAMPLE_RATE_HZ, np.float32)])
    # Dither as in a real room; exact zeros would mean a dead device.
    dither = np.random.default_rng(1).uniform(-1e-5, 1e-5, len(samples))
    return (samples + dither).astype(np.float32)


def stretches(hours: float) -> Iterator[Stretch]:
    """Yield stretches of 6 to 25 minutes that add up to `hours`; the last one has no fault."""
    left = int(hours * HOUR_SECONDS)
    lengths = cycle(np.random.default_rng(1).integers(360, 1500, 12).tolist())
    for length, fault in zip(lengths, cycle(FAULTS), strict=False):
        if left <= length:
            break
        yield Stretch(length, fault)
        left -= length
    yield Stretch(left, "end")


def sound(start_second: int, seconds: int) -> Samples:
    """Return `seconds` of the medley in a loop, from `start_second` on."""
    at = np.arange(start_second * SAMPLE_RATE_HZ, (start_second + seconds) * SAMPLE_RATE_HZ)
    return np.take(medley(), at, mode="wrap")
