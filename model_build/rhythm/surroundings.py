"""Rooms, microphones and noise around made-up songs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_build.augmentations.level import level
from model_build.augmentations.microphone import microphone
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.practice.joined_negatives import negative_files, read_clip

RESPONSES, BACKGROUNDS = 120, 300
"""Rooms that are computed, and noises of the corpus that are read."""

_DISTANCE_METRES, _RT60_SECONDS = (0.5, 4.5), (0.15, 0.8)
_ROOM, _MICROPHONE, _NOISE, _RECORDED = 0.75, 0.6, 0.75, 0.5
_SNR_DB, _LEVEL_DBFS = (5.0, 30.0), (-40.0, -18.0)

Samples = NDArray[np.float32]


class Surroundings:
    """Places in which songs are heard."""

    def __init__(self, rng: np.random.Generator, backgrounds: Sequence[Samples]) -> None:
        self._responses = [
            random_room_response(rng, distance_metres=_DISTANCE_METRES, rt60_seconds=_RT60_SECONDS)
            for _ in range(RESPONSES)
        ]
        self._backgrounds = backgrounds

    def heard(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """Return samples (n,) as heard in a random room, through a random microphone, in noise."""
        if rng.random() < _ROOM:
            samples = room(samples, self._responses[rng.integers(len(self._responses))])
        if rng.random() < _MICROPHONE:
            samples = microphone(samples, rng, peak_db=(-9.0, 9.0), high_pass_hz=(20.0, 250.0))
        if rng.random() < _NOISE:
            background = self._background(len(samples), rng)
            snr_db = float(rng.uniform(*_SNR_DB))
            samples = noise(samples, rng, background=background, snr_db=snr_db)
        return level(samples, dbfs=float(rng.uniform(*_LEVEL_DBFS)))

    def _background(self, samples: int, rng: np.random.Generator) -> Samples:
        if self._backgrounds and rng.random() < _RECORDED:
            return self._backgrounds[int(rng.integers(len(self._backgrounds)))]
        return coloured(rng, samples, exponent=float(rng.uniform(0.0, 2.0)))


def random_backgrounds(corpus: Path, rng: np.random.Generator) -> list[Samples]:
    """Return the sound of random noises of the corpus' split `train`, without silent ones.

    Raises InputError if the corpus cannot be read.
    """
    paths = negative_files(corpus, "noise", "train")
    rng.shuffle(paths)
    read = map(read_clip, paths[:BACKGROUNDS])
    return [samples for samples in read if samples.any()]
