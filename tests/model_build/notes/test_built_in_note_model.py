"""The built-in note model finds no notes where nobody plays."""

import shutil

import numpy as np
import pytest

from daemon.practice.notes.transcriber import notes_of
from model_build.augmentations.level import level
from model_build.rendering.household.noises import household_noise
from model_build.rendering.household.steady_tones import steady_tone
from model_build.rendering.speech import VOICES, random_speech

SECONDS, SIZE = 10, 160_000


@pytest.mark.parametrize("sort", ["fan", "fridge", "hair-dryer", "hum", "rain", "vacuum", "typing"])
def test_household_noise_has_no_notes(sort: str) -> None:
    for seed in range(3):
        sound = household_noise(sort, np.random.default_rng((9, seed)), SECONDS)
        assert notes_of(level(sound, dbfs=-35.0)) == []


def test_steady_tones_hardly_ever_have_notes() -> None:
    """A whine that is switched on during the sound is like a note; the others are not."""
    noisy = [
        seed
        for seed in range(20)
        if notes_of(level(steady_tone(np.random.default_rng((9, seed)), SIZE), dbfs=-35.0))
    ]
    assert len(noisy) <= 2


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs the Debian package espeak-ng")
def test_speech_has_hardly_any_notes() -> None:
    """A synthetic voice has a steady pitch, so that now and then a syllable is like a note."""
    counts = [
        len(notes_of(level(random_speech(voice, np.random.default_rng(9), 8.0), dbfs=-25.0)))
        for voice in VOICES[:4]
    ]
    assert sum(counts) <= 4
