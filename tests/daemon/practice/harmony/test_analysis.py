import numpy as np
import pytest

from daemon.practice.harmony.analysis import heard_semitones, is_steady_machine, movement
from model_build.rendering.household.noises import household_noise
from tests.daemon.practice.harmony.triads import Samples, progression, triad
from tests.daemon.practice.voices import hum, noisy, silence


def heard(samples: Samples) -> np.ndarray:
    return heard_semitones(samples)[0]


@pytest.mark.parametrize("sort", ["hum", "fridge", "washing-machine", "clock"])
def test_machines_do_not_move(sort: str) -> None:
    magnitudes = heard(household_noise(sort, np.random.default_rng(7), 12.0))
    assert is_steady_machine(magnitudes)


def test_music_moves_and_one_chord_may_stay_for_a_while() -> None:
    music = heard(progression(["C:maj", "A:min", "F:maj", "G:maj", "C:maj", "E:min"]))
    assert movement(music) > 0.2
    assert not is_steady_machine(music)
    assert not is_steady_machine(heard(triad("C:maj", 5.0)))
    assert is_steady_machine(heard(triad("C:maj", 12.0)))


def test_movement_counts_loud_frames_most() -> None:
    still = heard(np.concatenate([hum(50.0, 10.0), 1e-4 * noisy(hum(60.0, 5.0), 0.0)]))
    assert movement(still) < 0.15


def test_steadiness_is_high_for_tones_and_low_for_noise() -> None:
    _, tones = heard_semitones(progression(["C:maj", "F:maj", "G:maj"]))
    noise = np.random.default_rng(1).normal(0.0, 0.1, 80_000).astype(np.float32)
    _, rustle = heard_semitones(noise)
    assert tones.agreement > 0.5
    assert rustle.agreement < 0.15
    assert tones.share > 0.8
    _, nothing = heard_semitones(silence(5.0))
    assert nothing == (0.0, 0.0)
