import numpy as np
import pytest

from daemon.practice.harmony.chord_network import CHORDS, log_normalised
from daemon.practice.harmony.keys import (
    FIGURES,
    Steadiness,
    confidence,
    key_evidence,
    profile_correlations,
)
from daemon.practice.harmony.semitones import LOWEST_MIDI, SEMITONES
from daemon.practice.spelling import NAMES_OF_KEYS


@pytest.mark.parametrize("tonic", range(12))
def test_a_scale_with_a_strong_tonic_and_fifth_has_its_key(tonic: int) -> None:
    for mode, steps in (("major", (0, 2, 4, 5, 7, 9, 11)), ("minor", (0, 2, 3, 5, 7, 8, 10))):
        heard = np.zeros(12)
        heard[list(steps)] = 1.0
        heard[[0, 7]] = 2.5
        best = NAMES_OF_KEYS[int(profile_correlations(np.roll(heard, tonic)).argmax())]
        assert best == NAMES_OF_KEYS[tonic + (12 if mode == "minor" else 0)]


def test_correlations_are_at_most_one_and_that_of_the_profile_is() -> None:
    profile = np.array(
        [0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.08, 0.008, 0.081]
    )
    found = profile_correlations(np.roll(profile, 3))
    assert found.max() == pytest.approx(found[3])
    assert found[3] == pytest.approx(1.0)


def test_confidence_is_a_logistic_of_the_figures() -> None:
    weights = np.zeros(FIGURES + 1)
    assert confidence(np.ones(FIGURES), weights) == 0.5
    weights[-1] = np.log(3.0)
    assert confidence(np.ones(FIGURES), weights) == pytest.approx(0.75)


def test_faint_sound_around_the_notes_does_not_count() -> None:
    notes = np.zeros((40, SEMITONES), np.float32)
    for frame in range(40):
        pitch = 60 + (0, 2, 4, 5, 7, 9, 11, 12)[frame % 8]
        notes[frame, pitch - LOWEST_MIDI] = 1.0
    faint = np.zeros_like(notes)
    faint[:, [pitch - LOWEST_MIDI for pitch in (61, 63, 66, 68, 70)]] = 0.008
    scores = log_normalised(np.zeros((40, CHORDS + 1), np.float32))
    alone, beside = (
        key_evidence(heard, scores, scores, Steadiness(1.0, 1.0)).figures[0]
        for heard in (notes, notes + faint)
    )
    assert alone > 0.7
    assert beside == pytest.approx(alone, abs=0.02)
