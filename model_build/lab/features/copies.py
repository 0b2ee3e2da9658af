"""Changed copies of training recordings: other speed, room, noise, microphone and level."""

import functools
import hashlib

import numpy as np
from numpy.typing import NDArray

from model_build.augmentations.microphone import microphone
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.augmentations.speed import speed
from model_build.lab.experiment import Augmentation

Samples = NDArray[np.float32]

_ROOMS = 16
"""Different rooms; simulating one takes longer than everything else of a copy."""
_DISTANCE_METRES, _RT60_SECONDS = (0.5, 4.0), (0.2, 0.6)
_TAIL_SECONDS = 0.25
"""Reverberation that is kept after the end of a recording."""
_PEAK_DB, _HIGH_PASS_HZ = (-6.0, 6.0), (20.0, 150.0)
_NOISE_EXPONENTS = (0.0, 2.0)


def changed_copy(samples: Samples, settings: Augmentation, rate_hz: int, key: str) -> Samples:
    """Return a copy of samples (n,) in -1..1, of a length near n; equal keys give equal copies."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]))
    copy = samples
    if settings.speed_semitones:
        copy = speed(copy, semitones=_either_way(settings.speed_semitones, rng))
    delay = round(rng.uniform(0.0, settings.delay_seconds) * rate_hz)
    copy = np.pad(copy, (delay, 0))
    if rng.random() < settings.room_probability:
        responses = _rooms()
        copy = np.pad(copy, (0, round(_TAIL_SECONDS * rate_hz)))
        copy = room(copy, response=responses[rng.integers(len(responses))])
    if rng.random() < settings.noise_probability:
        background = coloured(rng, len(copy), exponent=rng.uniform(*_NOISE_EXPONENTS))
        snr_db = rng.uniform(*settings.noise_snr_db)
        copy = noise(copy, rng, background=background, snr_db=snr_db)
    if rng.random() < settings.microphone_probability:
        copy = microphone(copy, rng, peak_db=_PEAK_DB, high_pass_hz=_HIGH_PASS_HZ)
    gain = 10.0 ** (_either_way(settings.gain_db, rng) / 20.0)
    return np.asarray(np.clip(copy * gain, -1.0, 1.0), np.float32)


def _either_way(most: float, rng: np.random.Generator) -> float:
    return float(rng.uniform(-most, most))


@functools.cache
def _rooms() -> list[Samples]:
    """Return the responses of some rooms, always the same ones, simulated once per process."""
    rng = np.random.default_rng(1)
    return [
        random_room_response(rng, distance_metres=_DISTANCE_METRES, rt60_seconds=_RT60_SECONDS)
        for _ in range(_ROOMS)
    ]
