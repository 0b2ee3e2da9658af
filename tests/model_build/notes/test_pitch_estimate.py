import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.notes.pitch_estimate import pitch_midi
from tests.daemon.practice.notes.notes_sounds import SAMPLE_RATE_HZ, tone


def _string(
    midi: float, seconds: float, *, stretch: float, fundamental: float = 1.0
) -> NDArray[np.float32]:
    """A stiff string: its n-th partial is sharp by the factor sqrt(1 + stretch n^2)."""
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    sound = np.zeros_like(time)
    for n in range(1, 21):
        hz = n * 440.0 * 2 ** ((midi - 69) / 12) * np.sqrt(1 + stretch * n * n)
        weight = fundamental if n == 1 else 1.0
        if hz < 7_500:
            sound += weight * np.sin(2 * np.pi * hz * time + n) / n**0.7
    return np.asarray(0.1 * sound, np.float32)


@pytest.mark.parametrize("midi", [28.0, 36.0, 48.3, 60.0, 72.5, 84.0, 96.0])
def test_pitch_of_a_harmonic_tone(midi: float) -> None:
    assert pitch_midi(tone(midi, 0.3)) == pytest.approx(midi, abs=0.01)
    assert pitch_midi(tone(midi, 0.15)) == pytest.approx(midi, abs=0.02)


@pytest.mark.parametrize("midi", [28.0, 36.0, 48.3, 60.0, 72.5])
@pytest.mark.parametrize("fundamental", [1.0, 0.1])
def test_stretched_partials_do_not_make_a_string_sharp(midi: float, fundamental: float) -> None:
    """Its fundamental is 0.3 cents sharp, its third partial 3 cents, its tenth 34 cents."""
    sound = _string(midi, 0.3, stretch=4e-4, fundamental=fundamental)
    assert pitch_midi(sound) == pytest.approx(midi, abs=0.025)


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(1).standard_normal(4_800).astype(np.float32)
    assert pitch_midi(noise) is None
    assert pitch_midi(np.zeros(4_800, np.float32)) is None
    assert pitch_midi(np.zeros(10, np.float32)) is None
    assert pitch_midi(np.zeros(0, np.float32)) is None
