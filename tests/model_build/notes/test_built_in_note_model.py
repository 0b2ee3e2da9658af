"""How many notes the built-in note model finds in household sound, where there are none.

The limits are what it does, not what it should do: docs/notes-card.md gives the figures.
"""

import shutil

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.practice.notes.transcriber import notes_of
from model_build.augmentations.level import level
from model_build.rendering.household.noises import household_noise
from model_build.rendering.household.steady_tones import steady_tone
from model_build.rendering.speech import VOICES, random_speech

SECONDS, SIZE = 10, 160_000
SEEDS = range(20)


def _grown(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sound at -35 dBFS, growing over its first second."""
    grown = sound.copy()
    grown[:16_000] *= np.linspace(0.0, 1.0, 16_000, dtype=np.float32) ** 2
    return level(grown, dbfs=-35.0)


@pytest.mark.parametrize("sort", ["fan", "fridge", "hair-dryer", "rain", "vacuum", "typing"])
def test_household_noise_has_no_notes(sort: str) -> None:
    for seed in range(3):
        sound = household_noise(sort, np.random.default_rng((9, seed)), SECONDS)
        assert notes_of(_grown(sound)) == []


def test_a_hum_is_at_most_a_note_or_two() -> None:
    """More than half of all hums count as one held note."""
    hums = [household_noise("hum", np.random.default_rng((9, seed)), SECONDS) for seed in SEEDS]
    grown = [len(notes_of(_grown(hum))) for hum in hums]
    assert max(grown) == 1
    assert sum(grown) <= 13
    switched_on = [len(notes_of(level(hum, dbfs=-35.0))) for hum in hums]
    assert max(switched_on) <= 2
    assert min(switched_on) == 0


def test_half_of_all_steady_tones_have_no_notes() -> None:
    tones = [steady_tone(np.random.default_rng((9, seed)), SIZE) for seed in SEEDS]
    assert sum(bool(notes_of(_grown(tone))) for tone in tones) <= 8
    switched_on = [len(notes_of(level(tone, dbfs=-35.0))) for tone in tones]
    assert sum(map(bool, switched_on)) <= 10
    assert max(switched_on) <= 4


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs espeak-ng")
def test_voiced_speech_has_about_two_notes_a_second_and_a_whisper_none() -> None:
    """Speech has a pitch, so it counts as notes; Timbrel asks for notes only while music plays."""
    counts = {
        voice.variant: len(
            notes_of(level(random_speech(voice, np.random.default_rng((9, seed)), 10), dbfs=-30.0))
        )
        for seed, voice in enumerate(VOICES[:10])
    }
    assert counts["whisper"] == 0
    assert np.mean(list(counts.values())) < 22.0
    assert max(counts.values()) < 30
