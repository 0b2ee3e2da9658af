"""The built-in note model finds no notes in the noise and the steady tones of a home."""

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.practice.notes.transcriber import notes_of
from model_build.augmentations.level import level
from model_build.rendering.household.noises import household_noise
from model_build.rendering.household.steady_tones import steady_tone

SECONDS, SIZE = 10, 160_000


def _grown(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sound at -35 dBFS, grown over a second: a tone that is cut in at once is like a note."""
    grown = sound.copy()
    grown[:16_000] *= np.linspace(0.0, 1.0, 16_000, dtype=np.float32) ** 2
    return level(grown, dbfs=-35.0)


@pytest.mark.parametrize("sort", ["fan", "fridge", "hair-dryer", "rain", "vacuum", "typing"])
def test_household_noise_has_no_notes(sort: str) -> None:
    for seed in range(3):
        sound = household_noise(sort, np.random.default_rng((9, seed)), SECONDS)
        assert notes_of(_grown(sound)) == []


def test_hum_rarely_has_a_note() -> None:
    counts = [
        len(notes_of(_grown(household_noise("hum", np.random.default_rng((9, seed)), SECONDS))))
        for seed in range(3)
    ]
    assert sum(counts) <= 1


def test_most_steady_tones_have_no_notes() -> None:
    """Some whines and hums are still like a held note, above all if they are switched on."""
    noisy = [
        seed
        for seed in range(20)
        if notes_of(_grown(steady_tone(np.random.default_rng((9, seed)), SIZE)))
    ]
    assert len(noisy) <= 5
